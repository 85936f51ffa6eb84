import { EventEmitter, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  DynamoDBServiceException,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { undiciOptions } from '../../src/dynamodb/undici-options.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { listen } from '../support/listen.ts'
import type { Response } from '../support/target.ts'
import { inject } from '../targets/inject.ts'

const unavailable = {
  type: 'about:blank',
  title: 'Service Unavailable',
  status: 503,
  detail: 'The database is unavailable. Retry later.',
}

/** The app over a mocked client that knows no name and records whatever it is given. */
function start(t: Test) {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'mocked' }))
  const mock = mockClient(client)
  mock.on(GetCommand).resolves({})
  mock.on(PutCommand).resolves({})
  const repository = createRepository(client, 'secret-table')
  const app = buildApp({ repository, logLevel: 'silent' })
  t.teardown(() => app.close())
  return { mock, repository, greet: () => inject(app, { path: '/hello/1' }) }
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

function expectUnavailable(t: Test, { status, headers, body }: Response): void {
  t.equal(status, 503)
  t.equal(headers['retry-after'], '1')
  t.strictSame(JSON.parse(body), { ...unavailable, instance: headers['x-request-id'] })
}

const $metadata = {}
const message = 'arn:aws:dynamodb:eu-central-1:123456789012:table/secret-table'
const failures = [
  new ProvisionedThroughputExceededException({ message, $metadata }),
  new ResourceNotFoundException({ message, $metadata }),
  new DynamoDBServiceException({
    name: 'AccessDeniedException',
    $fault: 'client',
    message,
    $metadata,
  }),
  new DynamoDBServiceException({
    name: 'InternalServerError',
    $fault: 'server',
    message,
    $metadata,
  }),
  Object.assign(new Error(message), { name: 'CredentialsProviderError' }),
  Object.assign(new Error(message), { name: 'TimeoutError' }),
  Object.assign(new Error(message), { code: 'ECONNREFUSED' }),
]
for (const failure of failures) {
  const name = 'code' in failure ? failure.code : failure.name

  t.test(`${name} of the read is a 503, and nothing is recorded`, async (t) => {
    const { greet, mock } = start(t)
    mock.on(GetCommand).rejects(failure)

    expectUnavailable(t, await greet())
    t.equal(mock.commandCalls(PutCommand).length, 0)
  })

  t.test(`${name} of the write is a 503, and no message is answered`, async (t) => {
    const { greet, mock } = start(t)
    mock.on(PutCommand).rejects(failure)

    expectUnavailable(t, await greet())
  })
}

/** A repository whose database does with a connection as told; by default, in the way of a function. */
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
  return createRepository(DynamoDBDocumentClient.from(client), 'secret-table')
}

for (const home of ['function', 'server']) {
  const start = (t: Test, onConnection: (socket: Socket) => void) =>
    startBroken(t, onConnection, home === 'server' ? undiciOptions() : {})

  t.test(`the client of a ${home} gives up a request that nobody answers`, async (t) => {
    const repository = await start(t, () => {})

    // By no other name, the SDK would not try again.
    await t.rejects(repository.getName('1'), { cause: { name: /^TimeoutError$/ } })
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

  t.test(`the client of a ${home} gives up at once what it is told to`, async (t) => {
    const repository = await start(t, () => {})

    const error = { cause: { name: 'AbortError' } }
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

  t.test(`the client of a ${home} quotes no answer that is no JSON`, async (t) => {
    const body = '{"Item":{"data":{"S":"Ada","":nonsense'
    const repository = await start(t, (socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })

    const error = await repository.getName('1').catch(inspect)

    t.match(error, /DatabaseError: DynamoDB answered with no JSON/)
    t.notMatch(error, /Ada/)
  })

  t.test(`the client of a ${home} quotes no answer that is no HTTP`, async (t) => {
    const repository = await start(t, (socket) => socket.end('Ada'))

    const error = await repository.getName('1').catch(inspect)

    t.match(error, /DatabaseError: DynamoDB answered with no HTTP/)
    t.notMatch(error, /Ada|65, 100, 97|41 64 61/)
  })
}

t.test('a greeting whose database answers without end is given up with a 503', async (t) => {
  const connections = new EventEmitter()
  const closed = once(connections, 'close')
  const repository = await startBroken(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{')
    const drip = setInterval(() => socket.write(' '), 100)
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(drip)
        connections.emit('close')
      })
  })
  const app = buildApp({ repository, logLevel: 'silent' })
  t.teardown(() => app.close())

  expectUnavailable(t, await inject(app, { path: '/hello/1' }))
  await closed
})

t.test('a fault of the service is a 500 that shows nothing of it', async (t) => {
  const { repository } = start(t)
  const getName = async () => {
    throw new TypeError(message)
  }
  const app = buildApp({ repository: { ...repository, getName }, logLevel: 'silent' })
  t.teardown(() => app.close())

  const { status, headers, body } = await inject(app, { path: '/hello/1' })

  t.equal(status, 500)
  t.strictSame(JSON.parse(body), {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'Internal error. The log has the cause under this request id.',
    instance: headers['x-request-id'],
  })
})
