import { EventEmitter, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import {
  type DynamoDBClientConfig,
  DynamoDBServiceException,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { undiciOptions } from '../../src/dynamodb/undici-options.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { listen } from '../support/listen.ts'
import { mockTable } from '../support/mocked-table.ts'
import type { Response } from '../support/target.ts'
import { inject } from '../targets/inject.ts'

const config = readConfig({ DYNAMODB_TABLE_NAME: 'secret-table', LOG_LEVEL: 'silent' })

/** The app over a mocked table without items. */
function start(t: Test) {
  const { client, mock } = mockTable()
  return { mock, greet: startApp(t, client) }
}

function startApp(t: Test, client: DynamoDBDocumentClient) {
  const app = buildApp({ client, config })
  t.teardown(() => app.close())
  return () => inject(app, { path: '/hello/1' })
}

t.test('a greeting is one GetItem and one PutItem', async (t) => {
  const { greet, mock } = start(t)

  await greet()

  t.strictSame(
    mock.calls().map(({ args }) => args[0].input),
    [
      { TableName: 'secret-table', Key: { PK: '1', SK: 'NAME#' } },
      {
        TableName: 'secret-table',
        Item: {
          PK: '1',
          SK: mock.commandCalls(PutCommand)[0]?.args[0].input.Item?.SK,
          data: 'NOTFOUND: Name Not Found for ID 1',
        },
      },
    ]
  )
})

t.test('a message has a sort key of date, time and at least 12 random digits', async (t) => {
  const { greet, mock } = start(t)

  await greet()
  await greet()

  const keys = mock.commandCalls(PutCommand).map(({ args }) => String(args[0].input.Item?.SK))
  for (const key of keys) t.match(key, /^TS#\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\d{12,}Z$/)
  t.equal(new Set(keys.map((key) => key.slice(-13))).size, 2)
})

t.test('a name item without a text in data counts as no name', async (t) => {
  const { greet, mock } = start(t)

  for (const data of [undefined, null, 7, ['Ada'], { name: 'Ada' }]) {
    mock.on(GetCommand).resolves({ Item: { PK: '1', SK: 'NAME#', data } })
    t.equal((await greet()).body, 'NOTFOUND: Name Not Found for ID 1')
  }
})

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
const passing = [
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
const lasting = [
  new ResourceNotFoundException({ message, $metadata }),
  ...['AccessDeniedException', 'ValidationException', 'UnrecognizedClientException'].map(
    (name) => new DynamoDBServiceException({ name, $fault: 'client', message, $metadata })
  ),
  new TypeError(message),
]
for (const [status, failures, expect] of [
  [503, passing, expectUnavailable],
  [500, lasting, expectInternalError],
] as const) {
  for (const failure of failures) {
    t.test(`${failure.name} of the read is a ${status}, and nothing is recorded`, async (t) => {
      const { greet, mock } = start(t)
      mock.on(GetCommand).rejects(failure)

      expect(t, await greet())
      t.equal(mock.commandCalls(PutCommand).length, 0)
    })

    t.test(`${failure.name} of the write is a ${status}, without the message`, async (t) => {
      const { greet, mock } = start(t)
      mock.on(PutCommand).rejects(failure)

      expect(t, await greet())
    })
  }
}

/** A client of a database that handles connections in a given way; by default, the function's client. */
async function startBroken(
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

for (const home of ['function', 'server']) {
  async function start(t: Test, onConnection: (socket: Socket) => void) {
    const options = home === 'server' ? undiciOptions() : {}
    return createRepository(await startBroken(t, onConnection, options), 'secret-table')
  }

  t.test(`the client of a ${home} gives up a request without a response`, async (t) => {
    const repository = await start(t, () => {})

    // The SDK retries no other name.
    await t.rejects(repository.getName('1'), { name: /^TimeoutError$/ })
  })

  t.test(`no request of the client of a ${home} waits for a free connection`, async (t) => {
    const sockets: Socket[] = []
    const connections = new EventEmitter()
    const repository = await start(t, (socket) => {
      sockets.push(socket.on('error', () => {}))
      connections.emit('connection')
    })

    const reads = Array.from({ length: 150 }, () => repository.getName('1').catch(() => {}))
    while (sockets.length < reads.length) await once(connections, 'connection')

    t.ok(
      sockets.every(({ destroyed }) => !destroyed),
      'all are open at the same time'
    )
    for (const socket of sockets) socket.destroy()
    await Promise.all(reads)
  })

  t.test(`the client of a ${home} gives up an aborted request at once`, async (t) => {
    const repository = await start(t, () => {})

    const error = { name: 'AbortError' }
    await t.rejects(repository.getName('1', AbortSignal.timeout(10)), error)
    await t.rejects(repository.getName('1', AbortSignal.abort()), error)
  })

  t.test(`the client of a ${home} retries when the connection is closed`, async (t) => {
    let connections = 0
    const repository = await start(t, (socket) => {
      connections++
      socket.end(connections > 1 ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}' : '')
    })

    t.equal(await repository.getName('1'), undefined)
    t.equal(connections, 2)
  })

  t.test(`the client of a ${home} does not quote a response that is not JSON`, async (t) => {
    const body = '{"Item":{"data":{"S":"Ada","":nonsense'
    const repository = await start(t, (socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })

    const error = await repository.getName('1').catch(inspect)

    t.match(error, /Error: the response of DynamoDB is not JSON/)
    t.notMatch(error, /Ada/)
  })

  t.test(`the client of a ${home} does not quote a response that is not HTTP`, async (t) => {
    const repository = await start(t, (socket) => socket.end('Ada'))

    const error = await repository.getName('1').catch(inspect)

    t.match(error, /Error: the response of DynamoDB is not HTTP/)
    t.notMatch(error, /Ada|65, 100, 97|41 64 61/)
  })
}

t.test('a greeting whose database responds without end ends with a 503', async (t) => {
  const connections = new EventEmitter()
  const closed = once(connections, 'close')
  const client = await startBroken(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{')
    const drip = setInterval(() => socket.write(' '), 100)
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(drip)
        connections.emit('close')
      })
  })
  const greet = startApp(t, client)

  expectUnavailable(t, await greet(), 'The request took too long. Retry later.')
  await closed
})
