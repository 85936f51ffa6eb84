import assert from 'node:assert/strict'
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
} from '@aws-sdk/lib-dynamodb'
import type { Test } from 'tap'
import type { Repository } from '../../src/hello/repository.ts'
import type { Request, Response } from './target.ts'
import type { TestData } from './test-data.ts'

// The form of a greeting. Besides the specifications of this resource (spec/hello-api.ts,
// spec/repository.ts, unit/greeting.test.ts), which state it on their own, no other test says so.

/** A person to greet; without a name, none is stored for the id. */
export interface Person {
  id: string
  name?: string
}

/** The path of the resource, without the id. */
export const basePath = '/hello'

/** The folder of the resource, which stack traces name. */
export const folder = 'src/hello'

/** The request of a greeting. */
export function greeting(id: string, headers: Record<string, string> = {}): Request {
  return { path: `${basePath}/${encodeURIComponent(id)}`, headers }
}

/** The id in the path of a greeting. */
export function idIn(path: string): string {
  return decodeURIComponent(path.slice(`${basePath}/`.length))
}

/** The message of a greeting: the text of the response, and of the record. */
export function messageFor({ id, name }: Person): string {
  return name === undefined ? `NOTFOUND: Name Not Found for ID ${id}` : `Hello ${name}!`
}

export function statusFor({ name }: Person): number {
  return name === undefined ? 404 : 200
}

/** The message in a response; none in a problem. */
export function messagesIn({ status, headers, body }: Response): string[] {
  const type = String(headers['content-type'])
  if (type.startsWith('application/problem+json')) return []
  assert.ok(status === 200 || status === 404, `a message with status ${status}`)
  return [type.startsWith('text/plain') ? body : JSON.parse(body).message]
}

/** The operations of DynamoDB that a greeting makes, in this order. */
export const operations = ['GetItem', 'PutItem'] as const

/** The same operations, as commands of the AWS SDK: for the name, and for the message. */
export const commands = { read: GetCommand, write: PutCommand }

/** The sort key of a name, and how that of a message begins. */
export const sortKeys = { name: 'NAME#', message: 'TS#' }

/** The item of a message that was recorded in the past. */
export function messageItem(person: Person, at: Date) {
  return {
    PK: person.id,
    SK: `${sortKeys.message}${at.toISOString()}`,
    data: messageFor(person),
  }
}

/** Whether an item is a message for its id, whose name may be `name`. */
export function isMessageItem({ PK, SK, data }: Record<string, unknown>, name: string): boolean {
  const messages = [{ id: String(PK) }, { id: String(PK), name }].map(messageFor)
  return String(SK).startsWith(sortKeys.message) && messages.includes(String(data))
}

/** Stores a name for a new id, until the test ends. */
export async function seedPerson(
  t: Test,
  data: TestData,
  { name = 'Ada', suffix = '' } = {}
): Promise<Required<Person>> {
  return { id: await data.seed(t, name, suffix), name }
}

/** Returns the names and the messages of ids. */
export async function findItems(
  { getName, history }: Pick<Repository, 'getName' | 'history'>,
  ids: string[]
): Promise<unknown[]> {
  const items = ids.map(async (id) => [
    (await getName(id)) ?? [],
    await Array.fromAsync(history(id)),
  ])
  return (await Promise.all(items)).flat(Number.POSITIVE_INFINITY)
}

/** Reads the messages of all ids that begin with a prefix, by id. */
export async function scanMessages(
  client: DynamoDBDocumentClient,
  TableName: string,
  prefix: string
): Promise<Map<string, string[]>> {
  const messages = new Map<string, string[]>()
  const scan = {
    TableName,
    ConsistentRead: true,
    FilterExpression: 'begins_with(PK, :prefix) AND begins_with(SK, :message)',
    ExpressionAttributeValues: { ':prefix': prefix, ':message': sortKeys.message },
  }
  for await (const { Items = [] } of paginateScan({ client }, scan)) {
    for (const { PK, data } of Items) {
      const known = messages.get(PK) ?? []
      known.push(data)
      messages.set(PK, known)
    }
  }
  return messages
}
