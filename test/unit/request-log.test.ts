import { Readable } from 'node:stream'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { limitConcurrency } from '../../src/server/load-shedding.ts'
import { greeting, messageFor, operations } from '../support/greeting.ts'
import { createRespondingClient, type DynamoDBResponse } from '../support/responding-client.ts'
import { inject } from '../targets/inject.ts'

const config = readConfig({ DYNAMODB_TABLE_NAME: 'test', SERVICE_VERSION: '1.2.3' })

/** Builds the app over a DynamoDB with these responses; `lines` returns its log so far. */
function start(
  responses: DynamoDBResponse[] = [],
  beforeResources?: (app: FastifyInstance) => void
) {
  const log: string[] = []
  const logDestination = { write: (line: string) => log.push(line) }
  const client = createRespondingClient(...responses)
  const app = buildApp({ client, config, logDestination, beforeResources })
  t.teardown(() => app.close())
  return { app, lines: () => log.map((line) => JSON.parse(line)) }
}

const found: DynamoDBResponse = [200, { Item: { data: { S: 'Ada' } } }]
const done: DynamoDBResponse = [200, {}]
const throttled: DynamoDBResponse = [400, { __type: 'ThrottlingException' }]
const failed: DynamoDBResponse = [500, { __type: 'InternalServerError' }]
const [read, write] = operations

t.test('a request is one line, with its requests to DynamoDB', async (t) => {
  const { app, lines } = start([found, throttled, done])

  const { body, headers } = await inject(app, greeting('1'))

  t.equal(body, messageFor({ id: '1', name: 'Ada' }))
  const [line, ...others] = lines()
  t.strictSame(others, [])
  const { ms, timestamp, ...fields } = line
  t.equal(new Date(timestamp).toJSON(), timestamp)
  const times = fields.dynamodb.map((each: { ms: number }) => each.ms)
  for (const time of [ms, ...times]) t.ok(Number.isInteger(time) && time >= 0, `${time}`)
  t.strictSame(fields, {
    level: 'INFO',
    version: '1.2.3',
    requestId: headers['x-request-id'],
    method: 'GET',
    path: greeting('1').path,
    route: greeting(':id').path.replace('%3A', ':'),
    status: 200,
    dynamodb: [
      { operation: read, ms: times[0], attempts: 1, requestId: 'REQUEST2' },
      { operation: write, ms: times[1], attempts: 2, requestId: 'REQUEST0' },
    ],
    msg: 'request completed',
  })
})

t.test('a failed request to DynamoDB has its error, and the request its reason', async (t) => {
  const { app, lines } = start([found, failed, failed, failed])

  await inject(app, greeting('1'))

  t.match(lines(), [
    {
      level: 'ERROR',
      status: 503,
      reason: 'database',
      dynamodb: [{}, { operation: write, attempts: 3, error: 'InternalServerError' }],
      err: { type: 'InternalServerError', stack: /\n {4}at / },
    },
  ])
})

t.test('what DynamoDB refuses has the reason `database`, too', async (t) => {
  const { app, lines } = start([[400, { __type: 'AccessDeniedException' }]])

  await inject(app, greeting('1'))

  t.match(lines(), [{ level: 'ERROR', status: 500, reason: 'database' }])
})

t.test('at the deadline, the line has the request to DynamoDB that is pending', async (t) => {
  const { app, lines } = start([found])

  await inject(app, greeting('1'))

  const [line] = lines()
  t.match(line, { level: 'ERROR', status: 503, reason: 'database' })
  const { ms, ...pending } = line.dynamodb[1]
  t.strictSame(pending, { operation: write, attempts: 1, pending: true })
  t.ok(ms >= 2000 && ms <= line.ms, `${ms} of ${line.ms} ms`)
})

t.test(
  'at the deadline of a request that does not wait for DynamoDB, the line says so',
  async (t) => {
    const { app, lines } = start([], (app) => app.get('/wait', () => new Promise(() => {})))

    await inject(app, { path: '/wait' })

    t.match(lines(), [{ level: 'ERROR', status: 503, reason: 'deadline', dynamodb: undefined }])
  }
)

t.test('requests to DynamoDB of concurrent requests do not mix', async (t) => {
  const { app, lines } = start(Array(20).fill(done))

  await Promise.all(Array.from({ length: 10 }, () => inject(app, greeting('1'))))

  for (const { dynamodb } of lines()) t.match(dynamodb, [{ operation: read }, { operation: write }])
  t.equal(lines().length, 10)
})

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const root = '1-67891233-abcdef012345678912345678'
const w3c = `00-${traceId}-00f067aa0ba902b7-01`
const traces: [headers: Record<string, string>, expected: string | undefined][] = [
  [{}, undefined],
  [{ 'x-amzn-trace-id': `Root=${root}` }, root],
  [{ 'x-amzn-trace-id': `Self=1-67891234-12456789abcdef012345678;Root=${root}` }, root],
  [{ 'x-amzn-trace-id': `Root=${root};Parent=53995c3f42cd8ad8;Sampled=1` }, root],
  [{ traceparent: w3c }, traceId],
  [{ traceparent: `01-${traceId}-00f067aa0ba902b7-01-later` }, traceId],
  [{ 'x-amzn-trace-id': `Root=${root}`, traceparent: w3c }, root],
  [{ 'x-amzn-trace-id': 'Root=secret', traceparent: w3c }, traceId],
  ...[
    `Root=${root}0`,
    `Root=${root}" `,
    `NotRoot=${root}`,
    root,
    'Root=',
    '',
    `Root=${root},x`,
  ].map((value): [Record<string, string>, undefined] => [{ 'x-amzn-trace-id': value }, undefined]),
  ...[
    `${w3c}0`,
    w3c.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    traceId,
    'secret',
  ].map((value): [Record<string, string>, undefined] => [{ traceparent: value }, undefined]),
]
for (const [headers, expected] of traces) {
  t.test(`the trace of ${JSON.stringify(headers)} is ${expected}`, async (t) => {
    const { app, lines } = start()
    await inject(app, { path: '/', headers })
    t.equal(lines()[0].traceId, expected)
  })
}

t.test('the line has no query', async (t) => {
  const { app, lines } = start()
  await inject(app, { path: '/missing?token=secret#fragment' })
  t.equal(lines()[0].path, '/missing')
})

t.test('the path of a request that the router rejects is in its line', async (t) => {
  const { app, lines } = start()
  await inject(app, { path: '/%ff?token=secret' })
  t.match(lines(), [{ level: 'INFO', path: '/%ff', status: 400 }])
})

t.test('the line of a failure has no field of its error but type, message and stack', async (t) => {
  const Item = { data: { S: 'secret' } }
  const error = new ConditionalCheckFailedException({ message: 'failed', $metadata: {}, Item })
  const { app, lines } = start([], (app) => {
    app.get('/', async () => Promise.reject(error))
  })

  await inject(app, { path: '/' })

  const [{ err, level, reason }] = lines()
  t.strictSame([level, reason], ['ERROR', 'database'])
  t.strictSame(Object.keys(err), ['type', 'message', 'stack'])
})

t.test('an error of the service has the reason `internal`', async (t) => {
  const { app, lines } = start([], (app) => {
    app.get('/', async () => Promise.reject(new TypeError('a fault')))
  })

  await inject(app, { path: '/' })

  t.match(lines(), [{ level: 'ERROR', status: 500, reason: 'internal', msg: 'a fault' }])
})

t.test('a response that fails while it is sent is one line', async (t) => {
  async function* failing() {
    yield 'begin'
    throw new Error('a fault')
  }
  const { app, lines } = start([], (app) => {
    app.get('/', async (_request, reply) => reply.send(Readable.from(failing())))
  })

  await t.rejects(inject(app, { path: '/' }))

  t.match(lines(), [{ level: 'ERROR', reason: 'internal', msg: 'a fault' }])
})

t.test('an error of the connection is in the line', async (t) => {
  const { app, lines } = start([], (app) => {
    app.get('/', async (_request, reply) => {
      reply.raw.emit('error', new Error('a fault'))
      return 'text'
    })
  })

  await inject(app, { path: '/' }).catch(() => {})

  t.match(lines(), [{ level: 'ERROR', reason: 'internal', msg: 'a fault' }])
  t.equal(lines().length, 1)
})

t.test('a response after its client has gone is one line', async (t) => {
  const { app, lines } = start([], (app) => {
    app.get('/', async (_request, reply) => {
      reply.raw.emit('close')
      return 'text'
    })
  })

  await inject(app, { path: '/' }).catch(() => {})

  t.match(lines(), [{ level: 'INFO', reason: 'client' }])
  t.equal(lines().length, 1)
})

t.test('a response with an invalid header is one line', async (t) => {
  const { app, lines } = start([], (app) => {
    app.get('/', async (_request, reply) => reply.header('x-secret', 'sécret\n').send('text'))
  })

  await inject(app, { path: '/', headers: { authorization: 'secret' } }).catch(() => {})

  t.match(lines(), [{ level: 'ERROR', reason: 'internal', err: { message: String } }])
  t.notMatch(JSON.stringify(lines()), 'authorization')
})

t.test('each request that is shed is a warning with the reason `load`', async (t) => {
  const { app, lines } = start([], limitConcurrency)
  const held = Array.from({ length: 100 }, () => inject(app, greeting('1')))

  await Promise.all([inject(app, greeting('1')), inject(app, greeting('1'))])

  const line = { level: 'WARN', status: 503, reason: 'load', path: greeting('1').path }
  t.match(lines(), [line, line])
  t.equal(lines().length, 2)
  await Promise.all(held)
})
