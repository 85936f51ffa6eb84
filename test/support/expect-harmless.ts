import assert from 'node:assert/strict'
import type { EmbeddedTable } from './embedded-table.ts'
import { isMessageItem, messagesIn } from './greeting.ts'
import type { Response } from './target.ts'

const types = [
  'text/plain; charset=utf-8',
  'application/json; charset=utf-8',
  'application/problem+json; charset=utf-8',
  'application/problem+json',
]

/** Checks what holds for the response to any request. */
export function expectHarmless({ status, headers, body }: Response): void {
  assert.ok(status < 500, `${status} ${body}`)
  if (status !== 204)
    assert.ok(types.includes(String(headers['content-type'])), headers['content-type'])
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(String(headers['x-request-id']), /^[\da-f-]{36}$/)
}

/**
 * Calls a function that sends requests. Returns its result and the messages that the service recorded
 * meanwhile, and removes them. Each must be in the partition of its id.
 *
 * @param name the only name in the table
 */
export async function recordedBy<Result>(
  { leftovers, repository }: EmbeddedTable,
  name: string,
  send: () => Promise<Result>
) {
  const before = new Set((await leftovers()).map((item) => JSON.stringify(item)))
  const result = await send()
  const added = (await leftovers()).filter((item) => !before.has(JSON.stringify(item)))
  await Promise.all(added.map(({ PK }) => repository.forget(PK)))

  for (const item of added) assert.ok(isMessageItem(item, name), JSON.stringify(item))
  return { result, messages: added.map(({ data }) => data) }
}

/** Sends any request: its response is harmless, and its message is all that is recorded. */
export async function expectHarmlessRequest(
  table: EmbeddedTable,
  name: string,
  send: () => Promise<Response>
): Promise<void> {
  const { result: response, messages } = await recordedBy(table, name, send)
  expectHarmless(response)
  assert.deepEqual(messages, messagesIn(response))
}
