import { spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { clientErrorHandler } from '../../src/server/client-error-handler.ts'
import { shutDownGracefully } from '../../src/server/graceful-shutdown.ts'
import { createHttpServer } from '../../src/server/http-server.ts'
import { limitConcurrency } from '../../src/server/load-shedding.ts'
import { stopClock } from '../support/fake-clock.ts'
import { restApi } from '../support/lambda-events.ts'
import { listen } from '../support/listen.ts'
import { mockTable } from '../support/mocked-table.ts'
import { startStopwatch } from '../support/stopwatch.ts'
import { createContext, startHandler } from '../targets/lambda.ts'

/** The app on a socket, as the server starts it, over a mocked table. */
async function start(t: Test, addRoutes: (app: FastifyInstance) => void = () => {}) {
  const app = buildApp({
    client: mockTable().client,
    config: readConfig({ DYNAMODB_TABLE_NAME: 'mocked', LOG_LEVEL: 'silent' }),
    clientErrorHandler,
    serverFactory: createHttpServer,
    beforeResources: addRoutes,
  })
  shutDownGracefully(app)
  limitConcurrency(app)
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const pool = new Pool(app.listeningOrigin)
  t.teardown(() => pool.close())
  const port = Number(new URL(app.listeningOrigin).port)
  return { app, pool, port }
}

/** Connects, and waits until the server has accepted the connection. */
async function open({ app, port }: { app: FastifyInstance; port: number }) {
  const accepted = once(app.server, 'connection')
  const socket = connect(port, '127.0.0.1')
  await accepted
  return socket
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`

// A connection that a load balancer still uses must not be closed: AWS's keep one idle for 60 seconds.
t.test('the server keeps an idle connection for 72 seconds', async (t) => {
  const { pool } = await start(t)

  const { body, headers } = await pool.request({ method: 'GET', path: '/hello/1' })
  await body.dump()

  t.equal(headers['keep-alive'], 'timeout=72')
})

// server.test.ts shows what happens beyond.
t.test('the server has up to 2,000 connections', async (t) => {
  const { app } = await start(t)
  t.equal(app.server.maxConnections, 2000)
})

t.test('the server accepts headers of 15 KiB, and responds to 17 KiB with 431', async (t) => {
  const { pool } = await start(t)

  for (const [kibibytes, status] of [
    [15, 404],
    [17, 431],
  ] as const) {
    const headers = { 'x-long': 'a'.repeat(kibibytes * 1024) }
    const { body, statusCode } = await pool.request({ method: 'GET', path: '/hello/1', headers })
    await body.dump()
    t.equal(statusCode, status)
  }
})

t.test(
  'the function accepts a URL of 16,384 bytes, and responds to a longer one with 414',
  async (t) => {
    const { handler, stop } = await startHandler()
    t.teardown(stop)

    for (const [bytes, statusCode] of [
      [16_384, 404],
      [16_385, 414],
    ] as const) {
      const event = restApi.createEvent({ path: `/${'a'.repeat(bytes - 1)}` })
      t.match(await handler(event, createContext()), { statusCode })
    }
  }
)

t.test('a client has 5 seconds to send a request', async (t) => {
  const read: RequestListener = (request, response) =>
    request.resume().on('end', () => response.end())
  const port = await listen(t, createHttpServer(read))
  const head = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n'

  const requests = ['', 'POST / HT', head, `${head}half`].map(async (bytes) => {
    const begin = performance.now()
    const stop = startStopwatch()
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes)
    t.match(await text(socket), /^HTTP\/1\.1 408 /)
    t.ok(performance.now() - begin >= 5000)
    // A second until the next check, and four for a busy machine.
    t.ok(stop() < 10_000)
  })
  await Promise.all(requests)
})

t.test('the server handles 100 requests at a time', { timeout: 20_000 }, async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers()
  let handled = 0
  const { pool } = await start(t, (app) => {
    app.get('/wait', () => {
      handled++
      return released
    })
  })
  // No request reaches its deadline.
  stopClock(t)

  const requests = Array.from({ length: 101 }, async () => {
    const { body, statusCode } = await pool.request({ method: 'GET', path: '/wait' })
    await body.dump()
    return statusCode
  })

  t.equal(await Promise.race(requests), 503)
  t.equal(handled, 100)
  release('done')
  await Promise.all(requests)
})

t.test('requests whose clients have left do not count as in flight', async (t) => {
  const requests = new EventEmitter()
  const server = await start(t, (app) => {
    app.get('/wait', async ({ deadline }) => {
      requests.emit('request')
      await once(deadline, 'abort')
    })
  })

  for (let count = 0; count < 100; count++) {
    const socket = await open(server)
    const arrived = once(requests, 'request')
    socket.write(request('/wait'))
    await arrived
    socket.destroy()
  }

  const { body, statusCode } = await server.pool.request({ method: 'GET', path: '/hello/1' })
  await body.dump()
  t.equal(statusCode, 404)
})

t.test('a request that has just arrived when the server closes gets its response', async (t) => {
  const closing: Promise<unknown>[] = []
  const server = await start(t, (app) => {
    app.get('/close', async () => {
      second.write(request('/hello/1'))
      closing.push(app.close())
      return 'closing'
    })
  })
  const first = await open(server)
  const second = await open(server)

  first.write(request('/close'))

  const responses = await Promise.all([text(first), text(second)])
  t.match(responses[0], /^HTTP\/1\.1 200 /)
  t.match(responses[1], /^HTTP\/1\.1 404 /)
  t.match(responses[1], /\r\nconnection: close\r\n/)
  await Promise.all(closing)
})

t.test('a server whose clients have left closes at once', { timeout: 20_000 }, async (t) => {
  const requests = new EventEmitter()
  const server = await start(t, (app) => {
    app.get('/wait', async ({ deadline }) => {
      requests.emit('request')
      await once(deadline, 'abort')
      requests.emit('aborted')
    })
  })
  const unused = await open(server)
  const socket = await open(server)
  const arrived = once(requests, 'request')
  const aborted = once(requests, 'aborted')
  socket.write(request('/wait'))
  await arrived
  socket.destroy()
  await aborted

  await Promise.all([server.app.close(), once(unused, 'close')])
})

t.test('a service that does not close is ended after 10 seconds', async (t) => {
  const run = new URL('../../src/server/run.ts', import.meta.url)
  // Its timers end at once.
  const script = `
    import { promisify } from 'node:util'
    const end = async (_milliseconds, value) => value
    globalThis.setTimeout = Object.assign(() => {}, { [promisify.custom]: end })
    const { run } = await import('${run}')
    await run(async () => ({ close: () => new Promise(() => {}) }))
    process.kill(process.pid, 'SIGTERM')
    setInterval(() => {}, 1000)`
  const args = ['--input-type=module', '--eval', script]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })

  t.equal(status, 1)
  t.match(stderr, 'killed by timeout (10000ms)')
})
