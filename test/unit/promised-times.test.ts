import dns from 'node:dns'
import { EventEmitter, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { mock } from 'node:test'
import {
  CreateTableCommand,
  type DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
import { undiciOptions } from '../../src/dynamodb/undici-options.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { stopClock } from '../support/fake-clock.ts'
import { listen } from '../support/listen.ts'
import { mockTable } from '../support/mocked-table.ts'

const config = readConfig({ DYNAMODB_TABLE_NAME: 'mocked', LOG_LEVEL: 'silent' })

t.test('a request ends 2.5 seconds after its body has arrived', async (t) => {
  const events = new EventEmitter()
  const app = buildApp({
    client: mockTable().client,
    config,
    beforeResources(app) {
      app.addHook('onRequest', async () => events.emit('headers'))
      app.post('/', async ({ deadline }) => {
        events.emit('handler', deadline)
        await once(events, 'never')
      })
    },
  })
  t.teardown(() => app.close())
  await app.ready()
  const { settles, pass } = stopClock(t)
  const body = new PassThrough()
  const headers = { 'content-type': 'application/json' }

  const begun = once(events, 'headers')
  const response = app.inject({ method: 'POST', url: '/', headers, payload: body })
  await begun
  await pass(60)
  const handled = once(events, 'handler')
  body.end('{}')
  const [deadline] = await handled

  t.equal(await settles(response), 2500)
  t.equal((await response).statusCode, 503)
  t.equal(deadline.aborted, true)
})

t.test('the deadline does not abort after the response', async (t) => {
  const events = new EventEmitter()
  const app = buildApp({
    client: mockTable().client,
    config,
    beforeResources(app) {
      app.get('/', async ({ deadline }, reply) => {
        // After the deadline's own listener.
        reply.raw.once('close', () => events.emit('close', deadline.aborted))
        return 'response'
      })
    },
  })
  t.teardown(() => app.close())
  const closed = once(events, 'close')

  const response = await app.inject('/')

  t.equal(response.body, 'response')
  t.strictSame(await closed, [false])
})

// undici checks its timers every 499 ms: three ticks end 1 second, four end 1.5 seconds.
const clients = [
  { home: 'function', options: () => ({}), lateness: 0 },
  { home: 'server', options: undiciOptions, lateness: 1000 },
]
for (const { home, options, lateness } of clients) {
  function start(t: Test, endpoint: string) {
    const client = createDynamoDBClient({
      ...localConnection(endpoint),
      ...options(),
      maxAttempts: 1,
    })
    t.teardown(() => client.destroy())
    return client
  }

  t.test(`the client of a ${home} waits 1 second for a connection`, async (t) => {
    const connections = new EventEmitter()
    const lookup = mock.method(dns, 'lookup', () => connections.emit('lookup'))
    t.teardown(() => lookup.mock.restore())
    const client = start(t, 'http://a-slow-name.invalid')
    const { settles } = stopClock(t)

    const begun = once(connections, 'lookup')
    const request = client.send(new ListTablesCommand())
    await begun
    const milliseconds = await settles(request)

    await t.rejects(request, { name: /^TimeoutError$/ })
    t.ok(1000 <= milliseconds && milliseconds <= 1000 + lateness, `${milliseconds} ms`)
  })

  t.test(`the client of a ${home} waits 1.5 seconds for a response`, async (t) => {
    const server = createServer((socket) => socket.once('data', () => server.emit('request')))
    const client = start(t, `http://127.0.0.1:${await listen(t, server)}`)
    const { settles } = stopClock(t)

    const arrived = once(server, 'request')
    const request = client.send(new ListTablesCommand())
    await arrived
    const milliseconds = await settles(request)

    await t.rejects(request, { name: /^TimeoutError$/ })
    t.ok(1500 <= milliseconds && milliseconds <= 1500 + lateness, `${milliseconds} ms`)
  })

  t.test(`the client of a ${home} uses a connection again after 59 seconds`, async (t) => {
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))
      socket.on('error', () => {})
    })
    const client = start(t, `http://127.0.0.1:${await listen(t, server)}`)
    const { pass } = stopClock(t)

    await client.send(new ListTablesCommand())
    await pass(59)
    await client.send(new ListTablesCommand())

    t.equal(connections, 1)
  })

  // The server does not respond to a TLS handshake: what counts is the connection.
  for (const protocol of ['http', 'https']) {
    const title = `the client of a ${home} opens 150 connections at a time by ${protocol}`
    t.test(title, { timeout: 20_000 }, async (t) => {
      const sockets: Socket[] = []
      const server = createServer((socket) => sockets.push(socket.on('error', () => {})))
      const client = start(t, `${protocol}://127.0.0.1:${await listen(t, server)}`)
      // No request reaches its timeout.
      stopClock(t)

      const requests = Array.from({ length: 150 }, () => client.send(new ListTablesCommand()))
      const failures = Promise.allSettled(requests)
      while (sockets.length < 150) await once(server, 'connection')

      for (const socket of sockets) socket.destroy()
      await failures
      t.equal(sockets.length, 150)
    })
  }
}

t.test('the set-up waits up to a minute for the table', async (t) => {
  const client = new DynamoDBClient(localConnection('http://mocked'))
  const created = Promise.withResolvers<void>()
  mock.method(client, 'send', async (command: CreateTableCommand | DescribeTableCommand) => {
    if (command instanceof CreateTableCommand) created.resolve()
    return { Table: { TableStatus: 'CREATING' } }
  })
  const { settles } = stopClock(t)

  const creation = createTable(client, 'mocked')
  await created.promise
  const milliseconds = await settles(creation)

  await t.rejects(creation, { name: 'ConfigError', message: /within a minute; it is not\.$/ })
  // It gives up earlier if the minute would end before its next request, up to 2 seconds later.
  t.ok(58_000 <= milliseconds && milliseconds <= 60_000, `${milliseconds} ms`)
})

const expiries: [days: number, expires: number][] = [
  [1, 1_790_086_400],
  [30, 1_792_592_000],
  [36_500, 4_943_600_000],
]
for (const [days, expires] of expiries) {
  t.test(
    `with MESSAGE_DAYS=${days}, a message expires ${days} × 86,400 seconds later`,
    async (t) => {
      const { client, items } = mockTable()
      stopClock(t, 1_790_000_000_999)

      await createRepository(client, 'mocked', days).putMessage('1', 'Hello!')

      const [message] = items.values()
      t.equal(message?.expires, expires)
    }
  )
}

t.test('with MESSAGE_DAYS=0, a message has no expiry', async (t) => {
  const { client, items } = mockTable()

  await createRepository(client, 'mocked', 0).putMessage('1', 'Hello!')

  const [message = {}] = items.values()
  t.strictSame(Object.keys(message), ['PK', 'SK', 'data'])
})

t.test('the key of a message is its time in milliseconds and 20 random digits', async (t) => {
  const { client, items } = mockTable()
  const { putMessage } = createRepository(client, 'mocked')
  stopClock(t, Date.UTC(2026, 10, 22, 19, 17, 26, 7))

  // Some of so many fractions begin with a zero.
  for (let count = 0; count < 1000; count++) await putMessage('1', 'Hello!')

  const keys = [...items.values()].map(({ SK }) => `${SK}`)
  t.equal(keys.length, 1000)
  const pattern = /^TS#2026-11-22T19:17:26\.007\d{20}Z$/
  t.strictSame(
    keys.filter((key) => !pattern.test(key)),
    []
  )
})
