import { randomBytes } from 'node:crypto'
import * as semanticConventions from '@opentelemetry/semantic-conventions/incubating'
import { fastify } from 'fastify'
import t from 'tap'
import { ConfigError } from '../../src/config.ts'
import { loadTelemetry } from '../../src/server/load-telemetry.ts'
import '../support/use-notes.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { type Fault, startFaultProxy } from '../support/fault-proxy.ts'
import { basePath, greeting, operations, seedPerson } from '../support/greeting.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { exchange } from '../support/raw-http.ts'
import { TestData } from '../support/test-data.ts'

const { startOn } = await import('../targets/standalone.ts')

const route = `${basePath}/:id`
const [read, write] = operations

const receiver = await startOtlpReceiver(t)
Object.assign(process.env, {
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  // Milliseconds.
  OTEL_BSP_SCHEDULE_DELAY: '10',
})
const table = await startEmbeddedTable()
const data = new TestData(table.repository)
const proxy = await startFaultProxy(table.connection.endpoint)
const { pool, server } = await startOn({
  tableName: table.tableName,
  connection: { ...table.connection, endpoint: proxy.endpoint },
})
t.teardown(async () => {
  await pool.close()
  await proxy.stop()
  await table.stop()
})

/** Sends a request as part of a trace of its own; returns its status and its spans. */
async function trace(path: string, options: Partial<Parameters<typeof pool.request>[0]> = {}) {
  const traceId = randomBytes(16).toString('hex')
  const parentSpanId = randomBytes(8).toString('hex')
  const headers = { traceparent: traceparent(traceId, parentSpanId), ...options.headers }
  const response = await pool.request({ method: 'GET', path, ...options, headers }).catch(() => {})
  await response?.body.dump()
  return { traceId, parentSpanId, status: response?.statusCode, ...(await spansOf(traceId)) }
}

function traceparent(traceId: string, spanId = 'b7ad6b7169203331'): string {
  return `00-${traceId}-${spanId}-01`
}

/** Waits for the span of a request, which ends after those of its requests to DynamoDB. */
async function spansOf(traceId: string, children = 0) {
  return receiver.until(() => {
    const spans = receiver.spans().filter((span) => span.traceId === traceId)
    const span = spans.find(({ kind }) => kind === 'SERVER')
    const requests = spans.filter(({ parentSpanId }) => parentSpanId === span?.spanId)
    return span && requests.length >= children ? { span, requests } : undefined
  })
}

t.test('a request is a span of its caller’s trace, with its requests to DynamoDB', async (t) => {
  const person = await seedPerson(t, data, { name: 'Grace Hopper' })
  const { path } = greeting(person.id)

  const { parentSpanId, requests, span, traceId } = await trace(`${path}?query=query`, {
    headers: { cookie: 'secret' },
  })

  t.match(span, {
    parentSpanId,
    name: `GET ${route}`,
    attributes: {
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': route,
      'network.protocol.version': '1.1',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(server.listeningOrigin).port),
      'url.path': path,
      'url.scheme': 'http',
    },
    status: { code: 'UNSET' },
    resource: {
      'deployment.environment.name': 'test',
      'service.name': 'hello-dynamodb',
      'service.version': 'dev',
    },
  })
  t.match(
    requests,
    [read, write].map((operation) => ({
      traceId,
      name: `DynamoDB.${operation}`,
      kind: 'CLIENT',
      attributes: {
        'aws.dynamodb.table_names': [table.tableName],
        'db.collection.name': table.tableName,
        'db.operation.name': operation,
        'db.system.name': 'aws.dynamodb',
        'http.request.resend_count': undefined,
        'http.response.status_code': 200,
        'rpc.method': operation,
        'rpc.service': 'DynamoDB',
        'rpc.system': 'aws-api',
      },
      status: { code: 'UNSET' },
    }))
  )
})

t.test('a request with a body has its requests to DynamoDB, too', async (t) => {
  const id = await data.newId(t)

  const { requests, span, status } = await trace(`/notes/${id}/b`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"text"}',
  })

  t.equal(status, 204)
  t.equal(span.name, 'PUT /notes/:owner/:note')
  t.match(requests, [{ name: 'DynamoDB.PutItem' }])
})

const wrong: [method: string, path: string, name: string, status: number][] = [
  ['GET', greeting('1').path, `GET ${route}`, 404],
  ['GET', `${basePath}/`, `GET ${route}`, 400],
  ['GET', `${basePath}/%zz`, 'GET', 400],
  ['DELETE', greeting('1').path, 'DELETE', 405],
  ['PROPFIND', '/unknown', 'HTTP', 404],
]
for (const [method, path, name, status] of wrong) {
  t.test(`${status} for ${method} ${path} is no error`, async (t) => {
    const { span } = await trace(path, { method })

    t.match(span, {
      name,
      attributes: {
        'error.type': undefined,
        'http.request.method': method === 'PROPFIND' ? '_OTHER' : method,
        'http.request.method_original': method === 'PROPFIND' ? method : undefined,
        'http.response.status_code': status,
        'url.path': path,
      },
      status: { code: 'UNSET' },
    })
  })
}

t.test('a request with an unknown expectation has a span', async (t) => {
  const traceId = randomBytes(16).toString('hex')
  const lines = [
    'GET /health HTTP/1.1',
    'Host: test',
    'Expect: anything',
    `Traceparent: ${traceparent(traceId)}`,
  ]

  await exchange(server.listeningOrigin, Buffer.from([...lines, '', ''].join('\r\n')))

  t.match(await spansOf(traceId), { span: { name: 'GET /health' } })
})

const failures: [fault: Fault, type: string, attempts: number][] = [
  ['error 500', 'InternalServerError', 3],
  ['missing table', 'ResourceNotFoundException', 1],
  ['reset before it is applied', 'ECONNRESET', 3],
]
for (const [fault, type, attempts] of failures) {
  t.test(`the fault "${fault}" of DynamoDB is an error`, async (t) => {
    proxy.follow(() => fault)
    t.teardown(() => proxy.follow(() => undefined))

    const { requests, span, status } = await trace(greeting('1').path)

    t.match(span, {
      attributes: { 'error.type': String(status), 'http.response.status_code': status },
      status: { code: 'ERROR' },
    })
    t.match(requests, [
      {
        name: `DynamoDB.${read}`,
        attributes: {
          'error.type': type,
          'http.request.resend_count': attempts > 1 ? attempts - 1 : undefined,
        },
        status: { code: 'ERROR', message: undefined },
      },
    ])
  })
}

t.test('a request whose client closes its connection is no error', async (t) => {
  const client = new AbortController()
  proxy.follow(({ operation }) => {
    if (operation === read) return undefined
    client.abort()
    return 'hang before it is applied'
  })
  t.teardown(() => proxy.follow(() => undefined))

  const { traceId } = await trace(greeting('1').path, { signal: client.signal })

  const { requests, span } = await spansOf(traceId, operations.length)
  t.match(span, {
    name: `GET ${route}`,
    attributes: { 'error.type': undefined, 'http.response.status_code': undefined },
    status: { code: 'UNSET' },
  })
  t.match(requests, [{ status: { code: 'UNSET' } }, { attributes: { 'error.type': 'AbortError' } }])
})

t.test('metrics have the names, units and buckets of the semantic conventions', async (t) => {
  // The server exports all that is left when it closes.
  await server.close()

  const metrics = receiver.metrics()
  const find = (name: string) => metrics.find((metric) => metric.name === name)
  const requests = find('http.server.request.duration')
  t.match(requests, { unit: 's', type: 'histogram' })
  const ofStatus = (status: number) =>
    requests?.points.filter(({ attributes }) => attributes['http.response.status_code'] === status)
  t.match(ofStatus(200)?.at(-1), {
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/health',
      'network.protocol.version': '1.1',
      'url.scheme': 'http',
    },
    bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  })
  t.match(ofStatus(503), [{ attributes: { 'error.type': '503' }, count: 2 }])
  t.match(find('http.server.active_requests'), {
    unit: '{request}',
    type: 'sum',
    points: [{ attributes: { 'http.request.method': 'GET', 'url.scheme': 'http' }, int: 0 }],
  })

  const database = find('db.client.operation.duration')
  t.match(database, { unit: 's', type: 'histogram' })
  const writes = database?.points.find(
    ({ attributes }) => attributes['db.operation.name'] === write && !attributes['error.type']
  )
  t.match(writes, {
    attributes: { 'db.system.name': 'aws.dynamodb', 'db.collection.name': table.tableName },
    bounds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
  })

  t.match(find('nodejs.eventloop.delay.p99'), { unit: 's', type: 'gauge' })
  t.match(find('v8js.memory.heap.used'), { unit: 'By' })
})

t.test('all attributes are in the semantic conventions', async (t) => {
  const known: unknown[] = Object.values(semanticConventions)
  const names = [
    ...receiver.spans(),
    ...receiver.metrics().flatMap(({ points }) => points),
  ].flatMap(({ attributes }) => Object.keys(attributes))
  t.strictSame(
    names.filter((name) => !known.includes(name)),
    []
  )
})

t.test('no personal name, query, header or text of DynamoDB is exported', async (t) => {
  for (const { headers, body } of receiver.received) {
    t.equal(headers['api-key'], 'secret')
    t.notMatch(String(body), /Grace|Hopper|query=|secret|arn:/)
  }
})

for (const endpoint of ['collector', 'collector:4318']) {
  t.test(`the endpoint "${endpoint}" is an error of the configuration`, async (t) => {
    await t.rejects(
      loadTelemetry(fastify(), 'dev', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }),
      new ConfigError(
        `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an http or https URL; it is "${endpoint}".`
      )
    )
  })
}

const unobserved = [
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_SDK_DISABLED: 'True' },
]
for (const env of unobserved) {
  t.test(`with ${JSON.stringify(Object.keys(env))}, no request is observed`, async (t) => {
    const app = fastify()
    const before = app.server.listenerCount('request')

    await loadTelemetry(app, 'dev', env)

    t.equal(app.server.listenerCount('request'), before)
  })
}
