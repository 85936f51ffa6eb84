import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Pool, request } from 'undici'
import '../support/use-notes.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { startHangingDynamoDB } from '../support/hanging-dynamodb.ts'
import { origin as listening, startProcess } from '../support/start-process.ts'
import { startStopwatch } from '../support/stopwatch.ts'
import type { Response } from '../support/target.ts'

const { lambdaEnvironment } = await import('../targets/lambda.ts')
const { sendOnSocket, startOn } = await import('../targets/standalone.ts')

/** Milliseconds: the server's 5 seconds, one until its next check, and two for a busy machine. */
const patience = 8000

const path = '/notes/a/b'
const note = '{"text":"text"}'

/** The start of a PUT of a note, up to its body. */
function head(...headers: string[]): string {
  const lines = ['Host: test', 'Content-Type: application/json', ...headers]
  return [`PUT ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

function connectTo(t: Test, origin: string): Socket {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return socket
}

async function start(t: Test) {
  const table = await startEmbeddedTable()
  const { pool, server } = await startOn(table)
  t.teardown(async () => {
    await pool.close()
    await server.close()
    await table.stop()
  })
  return { origin: server.listeningOrigin, pool, server, table }
}

// These take long, so they run concurrently.
t.jobs = 4
const clients: [what: string, send: (socket: Socket) => void][] = [
  ['stops in its body', (socket) => socket.write(`${head('Content-Length: 9')}{`)],
  ['stops in a chunk', (socket) => socket.write(`${head('Transfer-Encoding: chunked')}9\r\n{`)],
  [
    'drips its body',
    (socket) => {
      socket.write(head('Content-Length: 99'))
      const drip = setInterval(() => socket.write(' '), 1000)
      socket.on('close', () => clearInterval(drip))
    },
  ],
]
for (const [what, send] of clients) {
  t.test(`a client that ${what} gets 408`, { buffered: true }, async (t) => {
    const { origin, table } = await start(t)
    const socket = connectTo(t, origin)

    const stop = startStopwatch()
    send(socket)
    const response = await text(socket)

    t.ok(stop() < patience)
    t.match(response, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    t.match(response, /"detail":"The request did not arrive within 5 seconds\."/)
    t.strictSame(await table.leftovers(), [])
  })
}

t.test(
  'clients that do not read their response are disconnected',
  { buffered: true },
  async (t) => {
    const { origin, pool, server, table } = await start(t)
    t.teardown(() => table.items.forget('a'))
    const closed: Promise<unknown>[] = []
    server.server.on('connection', (socket) => closed.push(once(socket, 'close')))
    for (let count = 0; count < 100; count++) {
      const socket = connectTo(t, origin).pause()
      socket.write('GET /endless HTTP/1.1\r\nHost: test\r\n\r\n')
    }
    while (closed.length < 100) await once(server.server, 'connection')

    // 10 seconds or 20, and more for a busy machine.
    const stop = startStopwatch()
    await Promise.all(closed)

    t.ok(stop() < 40_000)
    t.equal((await sendOnSocket(pool, { path: '/hello/a' })).status, 404)
  }
)

const bodies: [what: string, bytes: string, statuses: RegExp][] = [
  [
    'a body in chunks',
    `${head('Transfer-Encoding: chunked')}f\r\n${note}\r\n0\r\n\r\n`,
    /^204 200$/,
  ],
  [
    'an expectation',
    `${head('Content-Length: 15', 'Expect: 100-continue')}${note}`,
    /^100 204 200$/,
  ],
  // Node.js responds to what follows before the service responds to the PUT.
  ['more than its length', `${head('Content-Length: 15')}${note}}`, /^(204 )?400$/],
  ['a body without a length', `${head()}${note}`, /^400( 400)?$/],
  ['a malformed chunk', `${head('Transfer-Encoding: chunked')}nonsense\r\n`, /^400$/],
  [
    'chunks over 1 MiB',
    `${head('Transfer-Encoding: chunked')}100001\r\n${' '.repeat(1_048_577)}`,
    /^413$/,
  ],
  ['two lengths', head('Content-Length: 15', 'Content-Length: 16'), /^400$/],
  ['a length and chunks', head('Content-Length: 15', 'Transfer-Encoding: chunked'), /^400$/],
]
for (const [what, bytes, statuses] of bodies) {
  t.test(`a PUT with ${what} gets the right status`, async (t) => {
    const { origin, table } = await start(t)
    t.teardown(() => table.items.forget('a'))
    const socket = connectTo(t, origin)

    socket.write(bytes)
    // It ends a connection that the server would keep open.
    socket.write('GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
    const responses = (await text(socket)).matchAll(/^HTTP\/1\.1 (\d+)/gm)

    t.match([...responses].map(([, status]) => status).join(' '), statuses)
  })
}

t.test('clients that stop in their body take no capacity from others', async (t) => {
  const { origin, pool, server, table } = await start(t)
  t.teardown(() => table.items.forget('a'))
  let arrived = 0
  server.server.on('request', () => arrived++)
  for (let count = 0; count < 200; count++)
    connectTo(t, origin).write(`${head('Content-Length: 99')}{`)
  while (arrived < 200) await once(server.server, 'request')

  const headers = { 'content-type': 'application/json' }
  const put = await sendOnSocket(pool, { method: 'PUT', path, headers, body: note })
  const greeting = await sendOnSocket(pool, { path: '/hello/a' })

  t.equal(put.status, 204)
  t.equal(greeting.body, 'NOTFOUND: Name Not Found for ID a')
})

t.test('a PUT beyond the limit of requests in flight gets 503 at once', async (t) => {
  const { pool, server } = await startOn(await startHangingDynamoDB(t))
  const clients = new Pool(server.listeningOrigin)
  t.teardown(async () => {
    await Promise.all([clients.close(), pool.close()])
    await server.close()
  })
  const headers = { 'content-type': 'application/json' }
  const put = () => sendOnSocket(clients, { method: 'PUT', path, headers, body: note })
  const isRefused = ({ body }: Response) => body.includes('The server is overloaded.')

  const atLimit = await Promise.all(Array.from({ length: 100 }, put))
  // A busy machine may be too slow to have all in flight before the first ones end.
  let refused: Response | undefined
  async function putUntilRefused(): Promise<void> {
    while (!refused) {
      const response = await put()
      if (isRefused(response)) refused = response
    }
  }
  await Promise.all(Array.from({ length: 101 }, putUntilRefused))

  t.strictSame(new Set(atLimit.map(({ status }) => status)), new Set([503]))
  t.notOk(atLimit.some(isRefused), 'they end at their deadline')
  t.equal(refused?.status, 503)
  t.equal(refused?.headers['retry-after'], '1')
})

const closed = /("msg":"the client closed the connection")/
const resets: [what: string, bytes: string, logged: RegExp][] = [
  ['its body', `${head('Content-Length: 9')}{`, closed],
  ['its handler', 'GET /stuck/promise HTTP/1.1\r\nHost: test\r\n\r\n', closed],
  ['its response', 'GET /endless HTTP/1.1\r\nHost: test\r\n\r\n', closed],
]
for (const [what, bytes, logged] of resets) {
  t.test(`a client that resets its connection in ${what} is no warning in the log`, async (t) => {
    const table = await startEmbeddedTable()
    t.teardown(table.stop)
    const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1' }
    const preload = new URL('../support/use-notes.ts', import.meta.url)
    const options = { ...env, NODE_OPTIONS: `--import=${preload}` }
    const { ended, kill, printed } = startProcess(t, t.testdir(), options, 'main.ts')
    const url = await printed(listening)
    const socket = connectTo(t, url)

    socket.write(bytes)
    // The server reads what has arrived before it responds to a later request.
    await once(socket, 'connect')
    await (await request(`${url}/health`)).body.dump()
    if (what === 'its response') await once(socket, 'data')
    socket.resetAndDestroy()
    await printed(logged)
    kill('SIGTERM')

    const { code, stdout, stderr } = await ended()
    t.equal(code, 0)
    t.equal(stderr, '')
    const lines = stdout.trimEnd().split('\n')
    t.strictSame(
      lines.filter((line) => JSON.parse(line).level !== 'INFO'),
      []
    )
  })
}

t.test('a response that takes longer than the deadline is sent whole', async (t) => {
  const { origin } = await start(t)
  const socket = connectTo(t, origin)
  const begin = performance.now()
  socket.write('GET /slow HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')

  const response = await text(socket)

  t.ok(performance.now() - begin > 2500)
  t.match(response, /^HTTP\/1\.1 200 OK\r\n/)
  t.match(response, /begin[\s\S]*end[\s\S]*0\r\n\r\n$/)
})

t.test('bytes that are not HTTP get no response within another response', async (t) => {
  const { origin } = await start(t)
  const socket = connectTo(t, origin)
  socket.write('GET /slow HTTP/1.1\r\nHost: test\r\n\r\n')
  const [first] = await once(socket, 'data')
  socket.write('nonsense\r\n\r\n')

  t.match(String(first), /^HTTP\/1\.1 200 OK\r\n/)
  t.equal(await text(socket), '')
})
