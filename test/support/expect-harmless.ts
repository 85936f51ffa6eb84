import assert from 'node:assert/strict'
import type { EmbeddedTable } from './embedded-table.ts'
import type { Response } from './target.ts'

const types = [
  'text/plain; charset=utf-8',
  'application/json; charset=utf-8',
  'application/problem+json; charset=utf-8',
  'application/problem+json',
]

/** What holds for a response to whatever request. */
export function expectHarmless({ status, headers, body }: Response): void {
  assert.ok(status < 500, `${status} ${body}`)
  if (status !== 204)
    assert.ok(types.includes(String(headers['content-type'])), headers['content-type'])
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(String(headers['x-request-id']), /^[\da-f-]{36}$/)
}

/** The message that a response is; none for a problem. */
export function messagesOf({ status, headers, body }: Response): string[] {
  const type = String(headers['content-type'])
  if (type.startsWith('application/problem+json')) return []
  assert.ok(status === 200 || status === 404, `a message with ${status}`)
  return [type.startsWith('text/plain') ? body : JSON.parse(body).message]
}

/**
 * Does what sends whatever request; returns its result and the messages that came into the table
 * meanwhile. Each is in the partition of the id that it tells, or of a name. Removes them.
 */
export async function recordedBy<Result>(
  { leftovers, repository }: EmbeddedTable,
  act: () => Promise<Result>
) {
  const before = new Set((await leftovers()).map((item) => JSON.stringify(item)))
  const result = await act()
  const came = (await leftovers()).filter((item) => !before.has(JSON.stringify(item)))
  await Promise.all(came.map(({ PK }) => repository.forget(PK)))

  for (const { PK, SK, data } of came) {
    assert.match(SK, /^TS#/)
    assert.ok(data === 'Hello Ada!' || data === `NOTFOUND: Name Not Found for ID ${PK}`, data)
  }
  return { result, messages: came.map(({ data }) => data) }
}

/** Sends whatever request: its response is harmless, and what it tells is all that is recorded. */
export async function expectHarmlessRequest(
  table: EmbeddedTable,
  send: () => Promise<Response>
): Promise<void> {
  const { result: response, messages } = await recordedBy(table, send)
  expectHarmless(response)
  assert.deepEqual(messages, messagesOf(response))
}
