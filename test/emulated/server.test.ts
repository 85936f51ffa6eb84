import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { stopClock } from '../support/fake-clock.ts'
import { basePath, greeting } from '../support/greeting.ts'
import { listen } from '../support/listen.ts'
import { startStopwatch } from '../support/stopwatch.ts'
import { sendOnSocket, startOn } from '../targets/standalone.ts'

/** Starts the standalone server. These tests cover what only the server has. */
async function start(t: Test, host = '127.0.0.1') {
  const table = await startEmbeddedTable()
  const { pool, server } = await startOn(table, { HOST: host })
  t.teardown(async () => {
    await pool.close()
    await server.close()
    await table.stop()
  })
  return { get: (path: string) => sendOnSocket(pool, { path }), pool, server, table }
}

/** Sends bytes to the server, and reads until the server closes the connection. */
async function sendBytes(origin: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname.replace(/[[\]]/g, ''))
  socket.write(bytes)
  return text(socket)
}

t.test('/health and /ready respond with 200 while the table can be read', async (t) => {
  const { get } = await start(t)

  for (const path of ['/health', '/ready']) {
    const { status, headers, body } = await get(path)
    t.equal(status, 200)
    t.equal(body, '{"status":"ok"}')
    t.equal(headers['cache-control'], 'no-store')
  }
})

t.test('/health and /ready have HEAD, and no other method', async (t) => {
  const { pool } = await start(t)

  for (const path of ['/health', '/ready']) {
    const head = await sendOnSocket(pool, { method: 'HEAD', path })
    t.equal(head.status, 200)
    t.equal(head.body, '')
    const post = await sendOnSocket(pool, { method: 'POST', path })
    t.equal(post.status, 405)
    t.equal(post.headers.allow, 'GET, HEAD')
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

t.test('requests beyond the limit get 503 at once, and those in flight end', async (t) => {
  const held: ServerResponse[] = []
  let isHolding = false
  const database = createServer((_request, response) => {
    if (isHolding) held.push(response)
    else respondNothingFound(response)
  })
  const connection = localConnection(`http://127.0.0.1:${await listen(t, database)}`)
  const { server } = await startOn({ connection, tableName: 'test' })
  // It closes a connection that waits for its response for 10 seconds; a busy machine may take longer.
  server.server.timeout = 0
  const pool = new Pool(server.listeningOrigin)
  t.teardown(async () => {
    await pool.close()
    await server.close()
  })
  const get = (path: string) => sendOnSocket(pool, { path })

  const { path } = greeting('1')
  const greet = () => Promise.all(Array.from({ length: 100 }, () => get(path)))
  // Connections are open, and then no request reaches its deadline.
  await greet()
  stopClock(t)
  isHolding = true
  const requests = greet()
  while (held.length < 100) await once(database, 'request')
  const rejected = await get(path)
  const health = await get('/health')
  isHolding = false
  held.forEach(respondNothingFound)

  t.equal(rejected.status, 503)
  t.equal(rejected.headers['retry-after'], '1')
  t.match(JSON.parse(rejected.body), {
    title: 'Service Unavailable',
    detail: 'The server is overloaded. Retry later.',
  })
  t.equal(health.status, 200)
  t.ok((await requests).every(({ status }) => status === 404))
  t.equal((await get(path)).status, 404)
})

function respondNothingFound(response: ServerResponse): void {
  response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}')
}

t.test('idle connections are closed in favor of new ones', async (t) => {
  const { get, server } = await start(t)
  const idle = connect(Number(new URL(server.listeningOrigin).port), '127.0.0.1')
  idle.write('GET /health HTTP/1.1\r\nHost: test\r\n\r\n')
  await once(idle, 'data')
  server.server.maxConnections = 1
  const isGone = once(idle, 'close')

  await t.rejects(get('/health'), 'the connection is dropped')
  await isGone

  t.equal((await get('/health')).status, 200)
})

t.test('a response to a request that has not arrived yet closes the connection', async (t) => {
  const { server } = await start(t)
  const [head] = (
    await sendBytes(
      server.listeningOrigin,
      `POST ${basePath}/1 HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nslow`
    )
  ).split('\r\n\r\n')

  t.match(head, /^HTTP\/1.1 405 /)
  t.match(head, /^connection: close$/im)
})

const slow: [what: string, bytes: string, status: RegExp][] = [
  ['sends nothing', '', /^HTTP\/1.1 408 Request Timeout\r\n/],
  ['stops in the first line', 'GET', /^HTTP\/1.1 408 Request Timeout\r\n/],
  ['stops in a header', 'GET / HTTP/1.1\r\nX: ', /^HTTP\/1.1 408 Request Timeout\r\n/],
  [
    'stops in a body for a malformed path',
    'PUT /%zz HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{',
    /^HTTP\/1.1 400 /,
  ],
]
// They wait most of the time.
t.jobs = slow.length
for (const [what, bytes, status] of slow) {
  t.test(`a client that ${what} is disconnected`, { buffered: true }, async (t) => {
    const { server } = await start(t)

    const stop = startStopwatch()
    const response = await sendBytes(server.listeningOrigin, bytes)

    t.match(response, status)
    // 5 seconds, a second until the next check, and four for a busy machine.
    t.ok(stop() < 10_000)
  })
}

const invalid: [what: string, bytes: string, status: string][] = [
  ['a text that is not HTTP', 'nonsense\r\n\r\n', '400 Bad Request'],
  [
    'a path that is not percent-encoded',
    'GET /é HTTP/1.1\r\nHost: test\r\n\r\n',
    '400 Bad Request',
  ],
  [
    'a header that is too long',
    `GET / HTTP/1.1\r\nHost: test\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
  ],
]
for (const [what, bytes, status] of invalid) {
  t.test(`${what} gets a problem`, async (t) => {
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

const hosts: [what: string, lines: string[], status: string][] = [
  ['HTTP/1.1 without a host', [`GET ${basePath}/1 HTTP/1.1`], '400 Bad Request'],
  [
    'HTTP/1.1 with two hosts',
    [`GET ${basePath}/1 HTTP/1.1`, 'Host: a', 'Host: b'],
    '400 Bad Request',
  ],
  [
    'HTTP/1.0 with two hosts',
    [`GET ${basePath}/1 HTTP/1.0`, 'Host: a', 'Host: b'],
    '400 Bad Request',
  ],
  ['HTTP/1.0 without a host', ['GET /health HTTP/1.0'], '200 OK'],
]
for (const [what, lines, status] of hosts) {
  t.test(`${what} gets ${status}, with the common headers`, async (t) => {
    const { server, table } = await start(t)

    const bytes = [...lines, 'Connection: close', '', ''].join('\r\n')
    const response = await sendBytes(server.listeningOrigin, bytes)

    t.ok(response.startsWith(`HTTP/1.1 ${status}\r\n`), response)
    t.match(response, /\r\nx-content-type-options: nosniff\r\n/)
    t.strictSame(await table.leftovers(), [])
  })
}

t.test('an unknown expectation is ignored', async (t) => {
  const { server } = await start(t)

  const lines = ['GET /health HTTP/1.1', 'Host: a', 'Expect: much', 'Connection: close', '', '']
  const response = await sendBytes(server.listeningOrigin, lines.join('\r\n'))

  t.match(response, /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('a client that resets its connection does not affect others', async (t) => {
  const { get, server } = await start(t)
  const socket = connect(Number(new URL(server.listeningOrigin).port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost')
  await once(socket, 'connect')
  socket.resetAndDestroy()

  t.equal((await get('/health')).status, 200)
})

t.test('localhost is one address, with the limits of the server', async (t) => {
  const { get, server } = await start(t, 'localhost')

  t.equal((await get('/health')).status, 200)
  t.equal(server.addresses().length, 1)
})

t.test('a closed server leaves no socket open', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))
  const before = sockets()

  const { pool, server } = await startOn(table)
  await sendOnSocket(pool, greeting('1'))
  t.ok(sockets().length > before.length)
  await table.repository.forget('1')
  await pool.close()
  await server.close()

  // The event loop closes them one after the other. (The database would close its own after 5 s.)
  const stop = startStopwatch()
  while (sockets().length > before.length) await new Promise(setImmediate)
  t.ok(stop() < 4000)
})
