import { randomBytes } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'

/** The peer: a greeting as samples have it, without a framework and without what it promises. */
const client = DynamoDBDocumentClient.from(new DynamoDBClient())
const TableName = process.env.DYNAMODB_TABLE_NAME

export async function handler({
  pathParameters,
}: Pick<APIGatewayProxyEvent, 'pathParameters'>): Promise<APIGatewayProxyResult> {
  const PK = decodeURIComponent(pathParameters?.id ?? '')
  const { Item } = await client.send(new GetCommand({ TableName, Key: { PK, SK: 'NAME#' } }))
  const name: unknown = Item?.data
  const body = name ? `Hello ${name}!` : `NOTFOUND: Name Not Found for ID ${PK}`
  const SK = `TS#${new Date().toISOString()}${randomBytes(8).toString('hex')}`
  await client.send(new PutCommand({ TableName, Item: { PK, SK, data: body } }))
  return { statusCode: name ? 200 : 404, headers: { 'content-type': 'text/plain' }, body }
}
