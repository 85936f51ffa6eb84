import { randomInt } from 'node:crypto'
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'

// Each item has the id as its partition key (PK) and its payload in `data`. The sort key (SK) is NAME#
// for the name of an id, and TS# with a timestamp for a message. With `messageDays`, a message also has
// the time-to-live attribute that template.yaml names.
const NAME = 'NAME#'
const MESSAGE = 'TS#'

/** A message of an id's history; `at` is in ISO 8601, UTC, to the millisecond. */
export interface Message {
  at: string
  message: string
}

export interface Name {
  id: string
  name: string
}

export type Repository = ReturnType<typeof createRepository>

/**
 * The only code that knows the items of names and messages. A greeting uses `getName` and `putMessage`
 * alone, so the service's role needs GetItem and PutItem alone; tools and tests use the rest.
 *
 * Each function throws the AWS SDK's error when DynamoDB fails, or once `signal` aborts.
 *
 * To write two items together, use TransactWriteCommand; the role needs the action of each item
 * (PutItem, UpdateItem, DeleteItem). The embedded DynamoDB has no transactions: test such a write on
 * DynamoDB Local (`docker compose up`). Or write both items with a ConditionExpression, first the one
 * that protects the other.
 *
 * @param messageDays after which DynamoDB may delete a message; 0 for never
 */
export function createRepository(
  client: DynamoDBDocumentClient,
  tableName: string,
  messageDays = 0
) {
  /** The name stored for an id, or `undefined`. */
  async function getName(id: string, signal?: AbortSignal): Promise<string | undefined> {
    const command = new GetCommand({ TableName: tableName, Key: { PK: id, SK: NAME } })
    const { Item } = await client.send(command, { abortSignal: signal })
    return typeof Item?.data === 'string' ? Item.data : undefined
  }

  /** Records a message, under a key of its own. */
  async function putMessage(id: string, message: string, signal?: AbortSignal): Promise<void> {
    const now = new Date()
    const item = { PK: id, SK: MESSAGE + timestamp(now), data: message }
    await put(messageDays > 0 ? { ...item, expires: daysAfter(now, messageDays) } : item, signal)
  }

  /** Stores the name of an id, in place of an earlier one. */
  async function putName(id: string, name: string): Promise<void> {
    await put({ PK: id, SK: NAME, data: name })
  }

  /** An id's messages, oldest first. */
  async function* history(id: string): AsyncGenerator<Message> {
    const messages = 'PK = :id AND begins_with(SK, :message)'
    for await (const items of query(messages, { ':id': id, ':message': MESSAGE })) {
      yield* items.map(({ SK, data }) => ({
        at: `${String(SK).slice(MESSAGE.length).slice(0, 23)}Z`,
        message: String(data),
      }))
    }
  }

  /** Deletes an id's name and its history. */
  async function forget(id: string): Promise<void> {
    // The items of a page are deleted concurrently, so its size limits the requests in flight.
    for await (const items of query('PK = :id', { ':id': id }, 25)) {
      // The partition may have items of other resources.
      const own = items.filter(({ SK }) => SK === NAME || String(SK).startsWith(MESSAGE))
      const commands = own.map(
        ({ PK, SK }) => new DeleteCommand({ TableName: tableName, Key: { PK, SK } })
      )
      await Promise.all(commands.map((command) => client.send(command)))
    }
  }

  async function put(Item: Item, signal?: AbortSignal): Promise<void> {
    const command = new PutCommand({ TableName: tableName, Item })
    await client.send(command, { abortSignal: signal })
  }

  async function* query(condition: string, values: Item, pageSize?: number) {
    const pages = paginateQuery(
      { client, pageSize },
      {
        TableName: tableName,
        KeyConditionExpression: condition,
        ExpressionAttributeValues: values,
        ConsistentRead: true,
      }
    )
    for await (const { Items = [] } of pages) yield Items
  }

  return { getName, putMessage, putName, history, forget }
}

type Item = Record<string, unknown>

/**
 * The wall clock in ISO 8601, with 20 random digits after the milliseconds: sortable as text, and
 * unique, since a PutItem replaces an item of the same key silently, and greetings may share a
 * millisecond. Not a monotonic clock: in a frozen Lambda environment, it falls behind. (Cut it to
 * milliseconds before `new Date()` reads it: V8 drops the leading zeros of a fraction of over nine
 * digits.)
 *
 * Created once for a greeting, outside the SDK's retries: a PutItem that is sent again after a lost
 * response writes the same item, not a second one.
 */
function timestamp(now: Date): string {
  const fraction = [0, 1].map(() => randomInt(1e10).toString().padStart(10, '0')).join('')
  return now.toISOString().replace('Z', `${fraction}Z`)
}

// In seconds since the epoch (Amazon DynamoDB Developer Guide, "Using time to live (TTL) in
// DynamoDB").
function daysAfter(now: Date, days: number): number {
  return Math.floor(now.getTime() / 1000) + days * 86_400
}
