import { randomBytes } from 'node:crypto'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'

const TableName = process.env.DYNAMODB_TABLE_NAME

/** A greeting as in sample code: the same two operations, without the other promises of the service. */
export function createGreet(dynamodb: DynamoDBClient) {
  const client = DynamoDBDocumentClient.from(dynamodb)
  return async (id: string) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: { PK: id, SK: 'NAME#' } }))
    const name: unknown = Item?.data
    const message = name ? `Hello ${name}!` : `NOTFOUND: Name Not Found for ID ${id}`
    const SK = `TS#${new Date().toISOString()}${randomBytes(8).toString('hex')}`
    await client.send(new PutCommand({ TableName, Item: { PK: id, SK, data: message } }))
    return { status: name ? 200 : 404, message }
  }
}
