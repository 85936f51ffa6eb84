import { EventEmitter, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import {
  type DynamoDBClientConfig,
  DynamoDBServiceException,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { undiciOptions } from '../../src/dynamodb/undici-options.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { commands, greeting } from '../support/greeting.ts'
import { listen } from '../support/listen.ts'
import { mockTable } from '../support/mocked-table.ts'
import type { Response } from '../support/target.ts'
import { inject } from '../targets/inject.ts'

const config = readConfig({ DYNAMODB_TABLE_NAME: 'secret-table', LOG_LEVEL: 'silent' })

/** Builds the app over a mocked table without items. */
function start(t: Test) {
  const { client, ...table } = mockTable()
  return { ...table, send: startApp(t, client) }
}

function startApp(t: Test, client: DynamoDBDocumentClient) {
  const app = buildApp({ client, config })
  t.teardown(() => app.close())
  return () => inject(app, greeting('1'))
}

function expectUnavailable(
  t: Test,
  { status, headers, body }: Response,
  detail = 'The database is unavailable. Retry later.'
): void {
  t.equal(status, 503)
  t.equal(headers['retry-after'], '1')
  const instance = headers['x-request-id']
  const title = 'Service Unavailable'
  t.strictSame(JSON.parse(body), { type: 'about:blank', title, status, detail, instance })
}

function expectInternalError(t: Test, { status, headers, body }: Response): void {
  t.equal(status, 500)
  t.notOk(headers['retry-after'])
  t.strictSame(JSON.parse(body), {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'Internal error. The log has the cause under this request id.',
    instance: headers['x-request-id'],
  })
}

const $metadata = {}
const message = 'arn:aws:dynamodb:eu-central-1:123456789012:table/secret-table'
const temporary = [
  new ProvisionedThroughputExceededException({ message, $metadata }),
  new DynamoDBServiceException({
    name: 'InternalServerError',
    $fault: 'server',
    message,
    $metadata,
  }),
  Object.assign(new Error(message), { name: 'CredentialsProviderError', $metadata }),
  Object.assign(new Error(message), { name: 'TimeoutError', $metadata }),
  Object.assign(new Error(message), { name: 'ECONNREFUSED', code: 'ECONNREFUSED', $metadata }),
]
const permanent = [
  new ResourceNotFoundException({ message, $metadata }),
  ...['AccessDeniedException', 'ValidationException', 'UnrecognizedClientException'].map(
    (name) => new DynamoDBServiceException({ name, $fault: 'client', message, $metadata })
  ),
  new TypeError(message),
]
for (const [status, failures, expect] of [
  [503, temporary, expectUnavailable],
  [500, permanent, expectInternalError],
] as const) {
  for (const failure of failures) {
    t.test(`${failure.name} of the read causes a ${status}, and nothing is written`, async (t) => {
      const { fail, send, ...table } = start(t)
      fail(commands.read, failure)

      expect(t, await send())
      t.strictSame(
        table.commands.map((command) => command.constructor),
        [commands.read]
      )
    })

    t.test(`${failure.name} of the write causes a ${status}`, async (t) => {
      const { fail, send } = start(t)
      fail(commands.write, failure)

      expect(t, await send())
    })
  }
}

/** Creates a client of a database that handles connections in a given way. */
async function createClient(
  t: Test,
  onConnection: (socket: Socket) => void,
  options: DynamoDBClientConfig = {}
) {
  const port = await listen(t, createServer(onConnection))
  const client = createDynamoDBClient({
    ...localConnection(`http://127.0.0.1:${port}`),
    ...options,
    maxAttempts: 2,
  })
  t.teardown(() => client.destroy())
  return DynamoDBDocumentClient.from(client)
}

const item = { TableName: 'secret-table', Key: { PK: '1', SK: '1' } }

for (const runtime of ['function', 'server']) {
  async function start(t: Test, onConnection: (socket: Socket) => void) {
    const options = runtime === 'server' ? undiciOptions() : {}
    const client = await createClient(t, onConnection, options)
    return (abortSignal?: AbortSignal) => client.send(new GetCommand(item), { abortSignal })
  }

  t.test(`the client of a ${runtime} times out a request without a response`, async (t) => {
    const getItem = await start(t, () => {})

    // The SDK does not retry after an error with another name.
    await t.rejects(getItem(), { name: /^TimeoutError$/ })
  })

  t.test(`no request of the client of a ${runtime} waits for a free connection`, async (t) => {
    const sockets: Socket[] = []
    const connections = new EventEmitter()
    const getItem = await start(t, (socket) => {
      sockets.push(socket.on('error', () => {}))
      connections.emit('connection')
    })

    const reads = Array.from({ length: 150 }, () => getItem().catch(() => {}))
    while (sockets.length < reads.length) await once(connections, 'connection')

    t.ok(
      sockets.every(({ destroyed }) => !destroyed),
      'all connections are open at the same time'
    )
    for (const socket of sockets) socket.destroy()
    await Promise.all(reads)
  })

  t.test(`the client of a ${runtime} rejects an aborted request at once`, async (t) => {
    const getItem = await start(t, () => {})

    const error = { name: 'AbortError' }
    await t.rejects(getItem(AbortSignal.timeout(10)), error)
    await t.rejects(getItem(AbortSignal.abort()), error)
  })

  t.test(`the client of a ${runtime} retries when the connection is closed`, async (t) => {
    let connections = 0
    const getItem = await start(t, (socket) => {
      connections++
      socket.end(connections > 1 ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}' : '')
    })

    t.equal((await getItem()).Item, undefined)
    t.equal(connections, 2)
  })

  t.test(`the client of a ${runtime} does not quote a response that is not JSON`, async (t) => {
    const body = '{"Item":{"data":{"S":"secret","":nonsense'
    const getItem = await start(t, (socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })

    const error = await getItem().catch(inspect)

    t.match(error, /Error: the response of DynamoDB is not JSON/)
    t.notMatch(error, /secret/)
  })

  t.test(`the client of a ${runtime} does not quote a response that is not HTTP`, async (t) => {
    const getItem = await start(t, (socket) => socket.end('secret'))

    const error = await getItem().catch(inspect)

    t.match(error, /Error: the response of DynamoDB is not HTTP/)
    t.notMatch(error, /secret|115, 101, 99|73 65 63/)
  })
}

t.test('a response of DynamoDB that never ends causes a 503', async (t) => {
  const connections = new EventEmitter()
  const closed = once(connections, 'close')
  const client = await createClient(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{')
    const drip = setInterval(() => socket.write(' '), 100)
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(drip)
        connections.emit('close')
      })
  })
  const send = startApp(t, client)

  expectUnavailable(t, await send(), 'The request took too long. Retry later.')
  await closed
})
