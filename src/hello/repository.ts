import { randomInt } from 'node:crypto'
import {
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'

// The single-table design: every item has the id as its partition key PK and its payload in `data`;
// the sort key SK tells a name (one for an id) from a message (one for a greeting). A message that is
// not kept for ever has the attribute of template.yaml's time to live, too.
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

/** DynamoDB throttled, failed, hung or could not be reached; `cause` is the AWS SDK's error. */
export class DatabaseError extends Error {
  override name = 'DatabaseError'
}

/**
 * The only code that knows the table's items. A greeting takes `getName` and `putMessage` alone, so
 * the service's role needs GetItem and PutItem alone; tools and tests use the rest.
 *
 * Each function throws a {@link DatabaseError} when DynamoDB fails, or once `signal` aborts.
 *
 * @param messageDays after which DynamoDB may delete a message; 0 for never
 */
export function createRepository(
  client: DynamoDBDocumentClient,
  tableName: string,
  messageDays = 0
) {
  /** The name stored for an id; `undefined` where there is none. */
  async function getName(id: string, signal?: AbortSignal): Promise<string | undefined> {
    const item = await get({ PK: id, SK: NAME }, signal)
    return typeof item?.data === 'string' ? item.data : undefined
  }

  /** Records a message, under a key that no other message of the id has. */
  async function putMessage(id: string, message: string, signal?: AbortSignal): Promise<void> {
    const now = new Date()
    const item = { PK: id, SK: MESSAGE + timestamp(now), data: message }
    await put(messageDays > 0 ? { ...item, expires: daysAfter(now, messageDays) } : item, signal)
  }

  /** Stores the name of an id, in place of an earlier one. */
  async function putName(id: string, name: string): Promise<void> {
    await put({ PK: id, SK: NAME, data: name })
  }

  /**
   * Stores up to 25 names of different ids at once. Returns those that DynamoDB did not take, for
   * the caller to send again after a while.
   */
  async function putNames(names: Name[]): Promise<Name[]> {
    const puts = names.map(({ id, name }) => ({
      PutRequest: { Item: { PK: id, SK: NAME, data: name } },
    }))
    const command = new BatchWriteCommand({ RequestItems: { [tableName]: puts } })
    const { UnprocessedItems = {} } = await client.send(command).catch(fail)
    const unprocessed = (UnprocessedItems[tableName] ?? []).map(
      ({ PutRequest }) => PutRequest?.Item
    )
    return names.filter(({ id }) => unprocessed.some((item) => item?.PK === id))
  }

  /** An id's messages, oldest first; each page is one Query. */
  async function* history(id: string, pageSize?: number): AsyncGenerator<Message[]> {
    const messages = 'PK = :id AND begins_with(SK, :message)'
    for await (const items of query(messages, { ':id': id, ':message': MESSAGE }, pageSize)) {
      yield items.map(({ SK, data }) => ({
        at: `${String(SK).slice(MESSAGE.length).slice(0, 23)}Z`,
        message: String(data),
      }))
    }
  }

  /** Deletes an id's name and its history. */
  async function forget(id: string): Promise<void> {
    // A page is deleted at once, so its size bounds the requests under way.
    for await (const items of query('PK = :id', { ':id': id }, 25)) {
      await Promise.all(items.map(({ PK, SK }) => remove({ PK, SK })))
    }
  }

  /** Resolves if the table can be read with the permission that a greeting needs. */
  async function checkAccess(signal?: AbortSignal): Promise<void> {
    await get({ PK: 'READY#', SK: 'READY#' }, signal)
  }

  async function get(Key: ItemKey, signal?: AbortSignal): Promise<Item | undefined> {
    const command = new GetCommand({ TableName: tableName, Key })
    const { Item } = await client.send(command, { abortSignal: signal }).catch(fail)
    return Item
  }

  async function put(Item: Item, signal?: AbortSignal): Promise<void> {
    const command = new PutCommand({ TableName: tableName, Item })
    await client.send(command, { abortSignal: signal }).catch(fail)
  }

  async function remove(Key: ItemKey): Promise<void> {
    await client.send(new DeleteCommand({ TableName: tableName, Key })).catch(fail)
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
    try {
      for await (const { Items = [] } of pages) yield Items
    } catch (error) {
      fail(error)
    }
  }

  return { getName, putMessage, putName, putNames, history, forget, checkAccess }
}

type ItemKey = { PK: unknown; SK: unknown }
type Item = Record<string, unknown>

/**
 * The wall clock's milliseconds in ISO 8601, with 20 random digits as further fractions of the
 * second: sortable as text, still a date-time, and never the same twice. A PutItem of a key that
 * exists replaces its item silently, and several greetings do share a millisecond. Not a monotonic
 * clock: that of a frozen Lambda environment falls behind. (Cut it to milliseconds before
 * `new Date()` reads it: V8 drops the leading zeros of a fraction of over nine digits.)
 *
 * Made once for a greeting, outside the SDK's retries: a PutItem that is sent again after a lost
 * answer then writes the same item, not a second one.
 */
function timestamp(now: Date): string {
  const fraction = [0, 1].map(() => randomInt(1e10).toString().padStart(10, '0')).join('')
  return now.toISOString().replace('Z', `${fraction}Z`)
}

// In seconds since the epoch, as DynamoDB wants it. (Amazon DynamoDB Developer Guide, "Using time to
// live (TTL) in DynamoDB")
function daysAfter(now: Date, days: number): number {
  return Math.floor(now.getTime() / 1000) + days * 86_400
}

function fail(cause: unknown): never {
  // V8 and the parsers of HTTP quote what they cannot parse, and a name has no place in the log.
  if (cause instanceof SyntaxError) throw new DatabaseError('DynamoDB answered with no JSON')
  if (cause instanceof Error && ('rawPacket' in cause || cause.name === 'HTTPParserError'))
    throw new DatabaseError('DynamoDB answered with no HTTP')
  throw new DatabaseError('DynamoDB did not do what was asked', { cause })
}
