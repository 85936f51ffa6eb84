import { readdir, readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as semanticConventions from '@opentelemetry/semantic-conventions/incubating'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { buildFunction } from '../../src/build/build-function.ts'
import { buildServer } from '../../src/build/bundle.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { type Fault, startFaultProxy } from '../support/fault-proxy.ts'
import { basePath, greeting, messageFor, operations, seedPerson } from '../support/greeting.ts'
import { startHangingDynamoDB } from '../support/hanging-dynamodb.ts'
import { type Respond, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { origin, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

/** Milliseconds: all that the shutdown of a server may take. */
const shutdownTime = 10_000

const route = `${basePath}/:id`
const [read, write] = operations

// The caller's trace.
const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentSpanId = 'b7ad6b7169203331'
const caller = { traceparent: `00-${traceId}-${parentSpanId}-01` }

const table = await startEmbeddedTable()
t.teardown(table.stop)
const data = new TestData(table.repository)

// Most of the time, they wait for processes to start.
t.jobs = 3
const concurrent = { buffered: true }

/** Starts the server, as the image does. */
async function start(t: Test, variables: NodeJS.ProcessEnv, program = 'main.ts') {
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1', ...variables }
  const { ended, kill, printed } = startProcess(t, t.testdir(), env, program)
  const url = await printed(origin)

  async function send(path: string, options: Parameters<typeof request>[1] = {}) {
    const { body, statusCode } = await request(`${url}${path}`, options)
    return { status: statusCode, body: await body.text() }
  }

  /** Ends the server, which exports all that is left. */
  async function stop() {
    kill('SIGTERM')
    return ended()
  }
  return { send, stop }
}

/** Starts the server with a collector that receives all signals. */
async function startObserved(t: Test, variables: NodeJS.ProcessEnv = {}) {
  const receiver = await startOtlpReceiver(t)
  const server = await start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...variables })

  /** Ends the server; returns the spans of requests to it, each with its requests to DynamoDB. */
  async function spans() {
    t.match(await server.stop(), { code: 0, stderr: '' })
    const all = receiver.spans()
    return all
      .filter(({ kind }) => kind === 'SERVER')
      .map((span) => ({
        ...span,
        children: all.filter((child) => child.parentSpanId === span.spanId),
      }))
  }
  return { ...server, receiver, spans }
}

t.test(
  'a request is a span of its caller’s trace, with its requests to DynamoDB',
  concurrent,
  async (t) => {
    const { receiver, send, spans } = await startObserved(t, {
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
    })
    const person = await seedPerson(t, data, { name: 'Grace Hopper' })
    const { path } = greeting(person.id)

    t.equal(
      (await send(`${path}?token=query`, { headers: { ...caller, cookie: 'header' } })).status,
      200
    )

    const [span, ...others] = await spans()
    t.strictSame(others, [])
    t.match(span, {
      traceId,
      parentSpanId,
      name: `GET ${route}`,
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'http.route': route,
        'network.protocol.version': '1.1',
        'server.address': '127.0.0.1',
        'server.port': Number,
        'url.path': path,
        'url.scheme': 'http',
      },
      status: { code: 'UNSET' },
      resource: {
        'service.name': 'hello-dynamodb',
        'service.version': /^\d/,
        'deployment.environment.name': 'test',
      },
    })
    t.match(
      span?.children,
      [read, write].map((operation) => ({
        traceId,
        name: `DynamoDB.${operation}`,
        kind: 'CLIENT',
        attributes: {
          'aws.dynamodb.table_names': [table.tableName],
          'aws.request_id': /./,
          'db.collection.name': table.tableName,
          'db.operation.name': operation,
          'db.system.name': 'aws.dynamodb',
          'http.response.status_code': 200,
          'rpc.method': operation,
          'rpc.service': 'DynamoDB',
          'rpc.system': 'aws-api',
        },
        status: { code: 'UNSET' },
      }))
    )

    const known: unknown[] = Object.values(semanticConventions)
    const names = receiver.spans().flatMap(({ attributes }) => Object.keys(attributes))
    t.strictSame(
      names.filter((name) => !known.includes(name)),
      [],
      'all attributes are in the semantic conventions'
    )
    for (const { headers, body } of receiver.received) {
      t.equal(headers['api-key'], 'secret')
      t.notMatch(String(body), /Grace|Hopper|query|header|secret/, 'no data is exported')
    }
  }
)

t.test('a request that its client got wrong is no error', concurrent, async (t) => {
  const { send, spans } = await startObserved(t)
  const requests: [method: string, path: string, name: string, status: number][] = [
    ['GET', greeting('1').path, `GET ${route}`, 404],
    ['GET', `${basePath}/`, `GET ${route}`, 400],
    ['GET', `${basePath}/%zz`, 'GET', 400],
    ['DELETE', greeting('1').path, 'DELETE', 405],
    ['PROPFIND', '/unknown', 'HTTP', 404],
  ]

  for (const [method, path] of requests) await send(path, { method })

  t.match(
    await spans(),
    requests.map(([method, path, name, status]) => ({
      name,
      attributes: {
        'http.request.method': method === 'PROPFIND' ? '_OTHER' : method,
        'http.response.status_code': status,
        'url.path': path,
        'error.type': undefined,
      },
      parentSpanId: '',
      status: { code: 'UNSET' },
    }))
  )
})

const failures: [fault: Fault, type: string, attempts: number][] = [
  ['throttle', 'ProvisionedThroughputExceededException', 3],
  ['missing table', 'ResourceNotFoundException', 1],
]
for (const [fault, type, attempts] of failures) {
  t.test(`a request to DynamoDB with the fault "${fault}" is an error`, concurrent, async (t) => {
    const proxy = await startFaultProxy(table.connection.endpoint)
    t.teardown(proxy.stop)
    const { receiver, send, spans } = await startObserved(t, {
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
    })
    proxy.follow(() => fault)

    const { status } = await send(greeting('1').path)

    const [span] = await spans()
    t.match(span, {
      attributes: { 'error.type': String(status), 'http.response.status_code': status },
      status: { code: 'ERROR' },
    })
    t.match(span?.children, [
      {
        name: `DynamoDB.${read}`,
        attributes: {
          'error.type': type,
          'http.response.status_code': 400,
          'http.request.resend_count': attempts > 1 ? attempts - 1 : undefined,
        },
        status: { code: 'ERROR', message: undefined },
      },
    ])
    const [duration] = receiver
      .metrics()
      .filter(({ name }) => name === 'http.server.request.duration')
    t.match(duration?.points, [{ attributes: { 'error.type': String(status) } }])
  })
}

t.test('a request whose client closes its connection is no error', concurrent, async (t) => {
  const database = await startHangingDynamoDB(t)
  const { send, spans } = await startObserved(t, {
    AWS_ENDPOINT_URL_DYNAMODB: database.connection.endpoint,
  })
  const client = new AbortController()
  const hanging = database.nextHanging()
  const response = send(greeting('1').path, { signal: client.signal })

  await hanging
  client.abort()

  await t.rejects(response)
  t.match(await spans(), [
    {
      name: `GET ${route}`,
      attributes: { 'http.response.status_code': undefined, 'error.type': undefined },
      status: { code: 'UNSET' },
      children: [{ status: { code: 'UNSET' } }, { attributes: { 'error.type': 'AbortError' } }],
    },
  ])
})

t.test(
  'metrics have the names, units and buckets of the semantic conventions',
  concurrent,
  async (t) => {
    const { receiver, send, stop } = await startObserved(t, { OTEL_TRACES_SAMPLER: 'always_off' })

    await send(greeting('1').path, { headers: caller })
    await stop()

    const metrics = receiver.metrics()
    const find = (name: string) => metrics.find((metric) => metric.name === name)
    t.match(find('http.server.request.duration'), {
      unit: 's',
      type: 'histogram',
      points: [
        {
          attributes: {
            'http.request.method': 'GET',
            'http.response.status_code': 404,
            'http.route': route,
            'network.protocol.version': '1.1',
            'url.path': undefined,
            'url.scheme': 'http',
          },
          count: 1,
          bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        },
      ],
    })
    t.match(find('http.server.active_requests'), {
      unit: '{request}',
      type: 'sum',
      points: [{ attributes: { 'http.request.method': 'GET', 'url.scheme': 'http' }, int: 0 }],
    })
    const database = find('db.client.operation.duration')
    t.match(database, { unit: 's', type: 'histogram' })
    for (const operation of operations) {
      const point = database?.points.find(
        ({ attributes }) => attributes['db.operation.name'] === operation
      )
      t.match(point, {
        attributes: { 'db.system.name': 'aws.dynamodb', 'db.collection.name': table.tableName },
        bounds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      })
    }
    t.match(find('nodejs.eventloop.delay.p99'), { unit: 's', type: 'gauge' })
    t.match(find('v8js.memory.heap.used'), { unit: 'By' })

    t.strictSame(receiver.spans(), [], 'the sampler drops all spans')
  }
)

for (const [signal, path] of [
  ['TRACES', '/v1/traces'],
  ['METRICS', '/v1/metrics'],
]) {
  t.test(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT exports one signal only`, concurrent, async (t) => {
    const receiver = await startOtlpReceiver(t)
    const { send, stop } = await start(t, {
      [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]: `${receiver.endpoint}${path}`,
    })

    await send(greeting('1').path)

    t.match(await stop(), { code: 0, stderr: '' })
    t.strictSame([...new Set(receiver.received.map(({ path }) => path))], [path])
  })
}

const collectors: [what: string, respond: Respond | undefined][] = [
  ['responds with 500', (_request, response) => response.writeHead(500).end('an internal text')],
  ['responds with 503', (_request, response) => response.writeHead(503).end()],
  ['hangs', () => {}],
  ['resets connections', (request) => request.socket.resetAndDestroy()],
  ['refuses connections', undefined],
]
for (const [what, respond] of collectors) {
  t.test(
    `a collector that ${what} stops neither greetings nor the shutdown`,
    concurrent,
    async (t) => {
      const { endpoint, received } = respond
        ? await startOtlpReceiver(t, respond)
        : { endpoint: 'http://127.0.0.1:1', received: [] }
      const { send, stop } = await start(t, {
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        // Milliseconds: during the greetings, exports start and fail.
        OTEL_BSP_SCHEDULE_DELAY: '10',
        OTEL_METRIC_EXPORT_INTERVAL: '10',
      })
      const person = await seedPerson(t, data)

      do t.equal((await send(greeting(person.id).path)).body, messageFor(person))
      while (respond && received.length < 2)

      const start_ = performance.now()
      const { code, stdout, stderr } = await stop()
      t.equal(code, 0)
      t.ok(performance.now() - start_ < shutdownTime / 2)
      t.equal(stderr, '')
      t.ok((stdout.match(/telemetry cannot be exported/g) ?? []).length <= 1)
      t.notMatch(stdout, /\\n +at |an internal text/)
    }
  )
}

t.test('a request with a body has its requests to DynamoDB, too', concurrent, async (t) => {
  const notes = new URL('../support/use-notes.ts', import.meta.url)
  const { send, spans } = await startObserved(t, {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${notes}`,
  })
  const headers = { 'content-type': 'application/json' }

  const { status } = await send('/notes/a/b', { method: 'PUT', headers, body: '{"text":"text"}' })

  t.equal(status, 204)
  const [span] = await spans()
  t.match(span?.name, /^PUT \/notes/)
  t.ok(span?.children.length)
})

t.test('the built server', async (t) => {
  const folder = t.testdir({
    'list-files.mjs': `
      import { registerHooks } from 'node:module'
      registerHooks({
        load(url, context, next) {
          console.log('loaded', url)
          return next(url, context)
        },
      })`,
  })
  await buildServer(`${folder}/dist`)
  const files = await readdir(`${folder}/dist`)
  const programs = files.filter((file) => file.endsWith('.mjs'))

  /** Starts the built server; returns which of its files with OpenTelemetry it loads. */
  async function loadedBy(t: Test, variables: NodeJS.ProcessEnv) {
    const program = relative('src', `${folder}/dist/main.mjs`)
    const list = `--import=${pathToFileURL(`${folder}/list-files.mjs`)}`
    const env = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${list}`, ...variables }
    const { send, stop } = await start(t, env, program)
    await send(greeting('1').path)
    const { code, stdout } = await stop()
    t.equal(code, 0)
    const loaded = programs.filter((file) => stdout.includes(`dist/${file}\n`))
    t.ok(loaded.includes('main.mjs'))
    const texts = await Promise.all(
      loaded.map((file) => readFile(`${folder}/dist/${file}`, 'utf8'))
    )
    return loaded.filter((_, index) => /opentelemetry/i.test(`${texts[index]}`))
  }

  t.test('exports traces', async (t) => {
    const { endpoint, spans } = await startOtlpReceiver(t)
    const loaded = await loadedBy(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    t.ok(loaded.some((file) => file.startsWith('telemetry-')))
    t.ok(spans().some(({ name }) => name === `GET ${route}`))
  })

  t.test('loads nothing of OpenTelemetry without an endpoint', async (t) => {
    t.strictSame(await loadedBy(t, { OTEL_SERVICE_NAME: 'hello' }), [])
  })

  t.test('loads nothing of OpenTelemetry if it is disabled', async (t) => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    t.strictSame(await loadedBy(t, { ...endpoint, OTEL_SDK_DISABLED: 'true' }), [])
  })
})

t.test('the built function contains nothing of OpenTelemetry', concurrent, async (t) => {
  const folder = t.testdir()
  await buildFunction('src/lambda/handler.ts', folder)
  for (const file of await readdir(folder))
    t.notMatch(await readFile(`${folder}/${file}`, 'utf8'), /opentelemetry/i, file)
})

t.test('a malformed endpoint stops the start with one line', concurrent, async (t) => {
  const env = {
    ...lambdaEnvironment(table),
    HOST: '127.0.0.1',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
  }

  const { code, stderr } = await startProcess(t, t.testdir(), env, 'main.ts').ended()

  t.equal(code, 1)
  t.equal(
    stderr,
    'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL; it is "collector:4318".\n'
  )
})
