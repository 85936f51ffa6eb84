import { mock } from 'node:test'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  type DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'

type Item = Record<string, unknown>
type Command = DeleteCommand | GetCommand | PutCommand | QueryCommand

/** A mocked DynamoDB client that keeps the items of one table in memory. No request leaves the process. */
export function mockTable() {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'mocked' }))
  const items = new Map<string, Item>()
  const commands: Command[] = []
  const failures = new Map<unknown, Error>()

  async function send(command: Command): Promise<object> {
    commands.push(command)
    const failure = failures.get(command.constructor)
    if (failure) throw failure
    if (command instanceof GetCommand) return { Item: items.get(keyOf(command.input.Key)) }
    if (command instanceof QueryCommand) return query(command.input)
    if (command instanceof PutCommand)
      items.set(keyOf(command.input.Item), command.input.Item ?? {})
    else items.delete(keyOf(command.input.Key))
    return {}
  }

  function query({ ExclusiveStartKey, Limit, ...condition }: QueryCommand['input']) {
    const after = ExclusiveStartKey ? keyOf(ExclusiveStartKey) : ''
    const found = [...items]
      .filter(([key, item]) => key > after && isIn(item, condition))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, item]) => item)
    const page = found.slice(0, Limit)
    const last = page.at(-1)
    const isLast = page.length === found.length || !last
    return { Items: page, ...(!isLast && { LastEvaluatedKey: { PK: last.PK, SK: last.SK } }) }
  }

  mock.method(client, 'send', send)
  return {
    client,
    items,
    /** All commands that were sent. */
    commands,
    /** Makes all commands of a class fail. */
    fail: (command: unknown, failure: Error) => failures.set(command, failure),
  }
}

function keyOf({ PK, SK }: Item = {}): string {
  return JSON.stringify([PK, SK])
}

/** Supports the key condition `PK = :a`, with or without `begins_with(SK, :b)`. */
function isIn({ PK, SK }: Item, query: QueryCommand['input']): boolean {
  const { KeyConditionExpression = '', ExpressionAttributeValues: values = {} } = query
  const value = (pattern: RegExp) => values[pattern.exec(KeyConditionExpression)?.[1] ?? '']
  const prefix = value(/begins_with\(SK, (:\w+)\)/) ?? ''
  return PK === value(/PK = (:\w+)/) && String(SK).startsWith(prefix)
}
