import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startEmbeddedTable } from '../targets/embedded-table.ts'
import { sendOnSocket, startOn } from '../targets/standalone.ts'

/** What only the standalone server has. */
async function start(t: Test) {
  const table = await startEmbeddedTable()
  const { pool, server } = await startOn(table)
  t.teardown(async () => {
    await pool.close()
    await server.close()
    await table.stop()
  })
  return { get: (path: string) => sendOnSocket(pool, { path }), server, table }
}

/** Writes bytes to the server, and reads until it closes the connection. */
async function sendBytes(origin: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

t.test('/health and /ready are well while the table can be read', async (t) => {
  const { get } = await start(t)

  for (const path of ['/health', '/ready']) {
    const { status, headers, body } = await get(path)
    t.equal(status, 200)
    t.equal(body, '{"status":"ok"}')
    t.equal(headers['cache-control'], 'no-store')
  }
})

t.test('without the table, /ready fails and /health does not', async (t) => {
  const { get, table } = await start(t)
  await table.drop()

  t.equal((await get('/health')).status, 200)
  const { status, headers } = await get('/ready')
  t.equal(status, 503)
  t.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
})

t.test('a process that cannot keep up sheds greetings, and says it lives', async (t) => {
  const { get } = await start(t)

  let response = await get('/hello/')
  while (response.status !== 503) {
    blockEventLoop(1500)
    response = await get('/hello/')
  }

  t.equal(response.headers['retry-after'], '1')
  t.match(JSON.parse(response.body), {
    title: 'Service Unavailable',
    detail: 'The service has more to do than it can. Try again.',
  })
  t.equal((await get('/health')).status, 200)
})

const broken: [what: string, bytes: string, status: string][] = [
  ['no HTTP at all', 'nonsense\r\n\r\n', '400 Bad Request'],
  ['a path that is not escaped', 'GET /hello/é HTTP/1.1\r\nHost: test\r\n\r\n', '400 Bad Request'],
  [
    'a header that is too long',
    `GET / HTTP/1.1\r\nHost: test\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
  ],
]
for (const [what, bytes, status] of broken) {
  t.test(`${what} is answered with a problem`, async (t) => {
    const { server } = await start(t)

    const response = await sendBytes(server.listeningOrigin, bytes)

    const [head = '', body = ''] = response.split('\r\n\r\n')
    const [first, ...lines] = head.split('\r\n')
    const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')))
    t.equal(first, `HTTP/1.1 ${status}`)
    t.match(headers, {
      connection: 'close',
      'content-type': 'application/problem+json',
      'content-length': String(body.length),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    t.match(JSON.parse(body), {
      status: Number.parseInt(status, 10),
      instance: headers['x-request-id'],
    })
  })
}

t.test('a client that resets its connection harms nobody', async (t) => {
  const { get, server } = await start(t)
  const socket = connect(Number(new URL(server.listeningOrigin).port), '127.0.0.1')
  socket.write('GET /hello/1 HTTP/1.1\r\nHost')
  await once(socket, 'connect')
  socket.resetAndDestroy()

  t.equal((await get('/health')).status, 200)
})

t.test('a closed server leaves no socket open', { timeout: 3000 }, async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))
  const before = sockets()

  const { pool, server } = await startOn(table)
  await sendOnSocket(pool, { path: '/hello/1' })
  t.ok(sockets().length > before.length)
  await table.repository.forget('1')
  await pool.close()
  await server.close()

  // The event loop closes them one after the other. (The database would close its own after 5 s.)
  while (sockets().length > before.length) await new Promise(setImmediate)
})

function blockEventLoop(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
