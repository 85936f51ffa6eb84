import { createServer, type ServerResponse } from 'node:http'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { ConfigError, readConfig } from '../../src/config.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { undiciOptions } from '../../src/dynamodb/undici-options.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { healthRoutes } from '../../src/server/health-routes.ts'
import { listen } from '../support/listen.ts'
import { mockTable } from '../support/mocked-table.ts'

const clients = [
  { home: 'function', options: () => ({}) },
  { home: 'server', options: undiciOptions },
]
const failures = [
  {
    fails: 'responds with 500',
    respond: (response: ServerResponse) => response.writeHead(500).end('{}'),
  },
  {
    fails: 'resets connections',
    respond: (response: ServerResponse) => response.socket?.resetAndDestroy(),
  },
]
for (const { home, options } of clients) {
  for (const { fails, respond } of failures) {
    t.test(`the client of a ${home} makes 3 attempts when DynamoDB ${fails}`, async (t) => {
      let attempts = 0
      const database = createServer((_request, response) => {
        attempts++
        respond(response)
      })
      const connection = localConnection(`http://127.0.0.1:${await listen(t, database)}`)
      const client = createDynamoDBClient({ ...connection, ...options() })
      t.teardown(() => client.destroy())

      await t.rejects(client.send(new ListTablesCommand()))

      t.equal(attempts, 3)
    })
  }
}

t.test('items are queried consistently, to delete them in pages of 25', async (t) => {
  const { client, commands } = mockTable()
  const repository = createRepository(client, 'mocked')

  await Array.fromAsync(repository.history('1'))
  await repository.forget('1')

  for (const command of commands) t.type(command, QueryCommand)
  const queries = commands.map(({ input }) => input)
  t.match(queries, [{ ConsistentRead: true }, { ConsistentRead: true, Limit: 25 }])
  t.equal(queries.length, 2)
})

const accepted: NodeJS.ProcessEnv[] = [
  { DYNAMODB_TABLE_NAME: 'abc' },
  { DYNAMODB_TABLE_NAME: 'a'.repeat(255) },
  { PORT: '0' },
  { PORT: '65535' },
  { MESSAGE_DAYS: '0' },
  { MESSAGE_DAYS: '36500' },
  ...['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((LOG_LEVEL) => ({
    LOG_LEVEL,
  })),
]
const refused: NodeJS.ProcessEnv[] = [
  { DYNAMODB_TABLE_NAME: 'ab' },
  { DYNAMODB_TABLE_NAME: 'a'.repeat(256) },
  { PORT: '-1' },
  { PORT: '65536' },
  { MESSAGE_DAYS: '-1' },
  { MESSAGE_DAYS: '36501' },
  { LOG_LEVEL: 'INFO' },
  { LOG_LEVEL: 'information' },
]
t.test('the configuration accepts values up to their limits, and none beyond', async (t) => {
  const valid = { DYNAMODB_TABLE_NAME: 'hello' }
  for (const variables of accepted) {
    const config = readConfig({ ...valid, ...variables })
    for (const [name, value] of Object.entries(variables))
      t.equal(`${Reflect.get(config, name)}`, value)
  }
  for (const variables of refused)
    t.throws(
      () => readConfig({ ...valid, ...variables }),
      ConfigError,
      Object.keys(variables).join()
    )
})

/** The app with its health routes, and the lines of its log. */
async function startWithLog(t: Test) {
  const { client, fail } = mockTable()
  const config = readConfig({ DYNAMODB_TABLE_NAME: 'mocked' })
  const lines: string[] = []
  const logDestination = { write: (line: string) => lines.push(line) }
  const app = buildApp({ client, config, logDestination })
  app.register(healthRoutes, { client, tableName: 'mocked' })
  t.teardown(() => app.close())
  return { app, fail, lines }
}

t.test('successful health checks are not logged, other requests are', async (t) => {
  const { app, lines } = await startWithLog(t)

  for (const url of ['/health', '/ready']) {
    for (const method of ['GET', 'HEAD'] as const)
      t.equal((await app.inject({ method, url })).statusCode, 200)
  }
  t.strictSame(lines, [])

  await app.inject('/hello/1')
  t.not(lines.length, 0)
})

t.test('a failing /ready is logged as an error, with Retry-After', async (t) => {
  const { app, fail, lines } = await startWithLog(t)
  fail(GetCommand, new Error('a fault'))

  const { headers, statusCode } = await app.inject('/ready')

  t.equal(statusCode, 503)
  t.equal(headers['retry-after'], '1')
  t.equal(lines.length, 1)
  t.match(JSON.parse(`${lines[0]}`), {
    level: 'ERROR',
    reason: 'database',
    path: '/ready',
    requestId: headers['x-request-id'],
  })
  t.match(lines[0], 'a fault')
})
