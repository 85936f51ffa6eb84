import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import '../support/use-notes.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { startHangingDynamoDB } from '../support/hanging-dynamodb.ts'
import { restApi } from '../support/lambda-events.ts'
import { startStopwatch } from '../support/stopwatch.ts'
import type { Request, Response } from '../support/target.ts'

const { createContext, startHandler } = await import('../targets/lambda.ts')
const { sendOnSocket, startOn } = await import('../targets/standalone.ts')

/** Milliseconds: twice what is promised, since the machine may be busy with other tests. */
const patience = 6000

const note = {
  method: 'PUT',
  path: '/notes/a/b',
  headers: { 'content-type': 'application/json' },
  body: '{"text":"text"}',
} satisfies Request

const requests: [what: string, request: Request][] = [
  ['a PUT whose DynamoDB does not respond', note],
  ['a DELETE whose DynamoDB does not respond', { method: 'DELETE', path: '/notes/a/b' }],
  ['a list whose DynamoDB does not respond', { path: '/notes/a' }],
  ['a promise that is not settled', { path: '/stuck/promise' }],
  ['a hook that takes too long', { path: '/stuck/hook' }],
  ['a callback that responds too late', { ...note, path: '/stuck/callback' }],
]

function specifyDeadline(t: Test, send: (request: Request) => Promise<Response>): void {
  t.jobs = requests.length
  for (const [what, request] of requests) {
    t.test(
      `${what} ends with 503 at the deadline`,
      { buffered: true, timeout: 20_000 },
      async (t) => {
        const stop = startStopwatch()
        const response = await send(request)
        const time = stop()

        t.ok(time < patience, `${time} ms`)
        expectProblem(t, response, 503, 'The request took too long. Retry later.')
        t.equal(response.headers['retry-after'], '1')
      }
    )
  }
}

async function startServer(t: Test) {
  const dynamodb = await startHangingDynamoDB(t)
  const { pool, server } = await startOn(dynamodb)
  t.teardown(async () => {
    await pool.close()
    await server.close()
  })
  return { dynamodb, pool, server }
}

t.test('the server', async (t) => {
  const { pool } = await startServer(t)
  specifyDeadline(t, (request) => sendOnSocket(pool, request))
})

t.test('the Lambda handler', async (t) => {
  const { connection } = await startHangingDynamoDB(t)
  const { handler, stop } = await startHandler({ AWS_ENDPOINT_URL_DYNAMODB: connection.endpoint })
  t.teardown(stop)
  specifyDeadline(t, async (request) =>
    restApi.readResponse(await handler(restApi.createEvent(request), createContext()))
  )
})

t.test('a client that closes its connection aborts the request to DynamoDB', async (t) => {
  const { dynamodb, server } = await startServer(t)
  const client = connect(Number(new URL(server.listeningOrigin).port), '127.0.0.1')
  client.write(
    [
      `PUT ${note.path} HTTP/1.1`,
      'Host: test',
      'Content-Type: application/json',
      `Content-Length: ${note.body.length}`,
      '',
      note.body,
    ].join('\r\n')
  )
  const { socket } = await dynamodb.nextHanging()

  const stop = startStopwatch()
  client.destroy()
  await once(socket, 'close')

  // Without it, the timeout of the request to DynamoDB would close the connection after 1.5 seconds.
  t.ok(stop() < 1000)
})
