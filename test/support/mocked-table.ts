import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'

type Item = Record<string, unknown>

/** A mocked DynamoDB client that keeps the items of one table in memory. No request leaves the process. */
export function mockTable() {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'mocked' }))
  const mock = mockClient(client)
  const items = new Map<string, Item>()

  mock.on(GetCommand).callsFake(({ Key }) => ({ Item: items.get(keyOf(Key)) }))
  mock.on(PutCommand).callsFake(({ Item }) => {
    items.set(keyOf(Item), Item)
    return {}
  })
  mock.on(DeleteCommand).callsFake(({ Key }) => {
    items.delete(keyOf(Key))
    return {}
  })
  mock.on(QueryCommand).callsFake(({ ExclusiveStartKey, Limit, ...query }) => {
    const after = ExclusiveStartKey ? keyOf(ExclusiveStartKey) : ''
    const found = [...items]
      .filter(([key, item]) => key > after && isIn(item, query))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, item]) => item)
    const page = found.slice(0, Limit)
    const last = page.at(-1)
    const isLast = page.length === found.length || !last
    return { Items: page, ...(!isLast && { LastEvaluatedKey: { PK: last.PK, SK: last.SK } }) }
  })

  return { client, items, mock }
}

function keyOf({ PK, SK }: Item): string {
  return JSON.stringify([PK, SK])
}

/** Supports the key condition `PK = :a`, with or without `begins_with(SK, :b)`. */
function isIn({ PK, SK }: Item, query: { [name: string]: unknown }): boolean {
  const { KeyConditionExpression = '', ExpressionAttributeValues: values } = query
  const value = (pattern: RegExp) =>
    Object(values)[pattern.exec(`${KeyConditionExpression}`)?.[1] ?? '']
  const prefix = value(/begins_with\(SK, (:\w+)\)/) ?? ''
  return PK === value(/PK = (:\w+)/) && String(SK).startsWith(prefix)
}
