import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { basePath, greeting, messageFor, seedPerson } from '../support/greeting.ts'
import * as eventSources from '../support/lambda-events.ts'
import { functionUrl, httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import type { Request } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { createContext, lambdaEnvironment, startHandler } from '../targets/lambda.ts'

/** The behavior that only the Lambda handler has. */
const { handler, stop, table } = await startHandler()
const data = new TestData(table.repository)
t.teardown(stop)

t.test('a response has the request id of the invocation', async (t) => {
  const context = createContext()
  const event = restApi.createEvent(greeting(data.newId(t)))

  const { headers } = await handler(event, context)

  t.equal(headers['x-request-id'], context.awsRequestId)
})

// HTTP/2 forbids them, as they concern a single connection (RFC 9113, 8.2.2).
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
for (const source of Object.values(eventSources)) {
  t.test(`a response to ${source.name} has no hop-by-hop header`, async (t) => {
    const { id } = await seedPerson(t, data)
    const requests: Request[] = [
      greeting(id),
      greeting(data.newId(t)),
      greeting(''),
      { path: '/' },
      { ...greeting(id), method: 'POST', body: 'text' },
    ]
    const events: unknown[] = [{}]
    for (const request of requests) events.push(source.createEvent(request))

    const found: unknown[] = []
    for (const event of events) {
      const response = await handler(event, createContext())
      const { multiValueHeaders } = { multiValueHeaders: {}, ...response }
      for (const name of Object.keys({ ...response.headers, ...multiValueHeaders }))
        if (hopByHop.includes(name.toLowerCase())) found.push([response.statusCode, name])
    }
    t.strictSame(found, [])
  })
}

t.test('the Lambda handler has no /health and no /ready', async (t) => {
  for (const path of ['/health', '/ready']) {
    const { statusCode } = await handler(restApi.createEvent({ path }), createContext())
    t.equal(statusCode, 404)
  }
})

t.test('an encoded slash gets 404 behind an HTTP API, which decodes the path', async (t) => {
  const { id } = await seedPerson(t, data, { suffix: '/b' })
  const event = httpApi.createEvent(greeting(id))

  const { statusCode } = await handler(event, createContext())

  t.equal(statusCode, 404)
  t.strictSame(await data.messages(id), [])
})

t.test('a path that begins with the stage of its REST API gets 404', async (t) => {
  const { id } = await seedPerson(t, data)
  const event = restApi.createEvent({ path: `/Prod${greeting(id).path}` })

  const { statusCode } = await handler(event, createContext())

  t.equal(statusCode, 404)
  t.strictSame(await data.messages(id), [])
})

t.test('a stage of a REST API may be named like the path', async (t) => {
  const person = await seedPerson(t, data)
  const event = restApi.createEvent(greeting(person.id))
  const requestContext = { ...event.requestContext, stage: basePath.slice(1) }

  const { body } = await handler({ ...event, requestContext }, createContext())

  t.equal(body, messageFor(person))
})

t.test('the stage of an HTTP API is removed from the path', async (t) => {
  const person = await seedPerson(t, data)
  const event = httpApi.createEvent({ path: `/live${greeting(person.id).path}` })
  const requestContext = { ...event.requestContext, stage: 'live' }

  const { body } = await handler({ ...event, requestContext }, createContext())

  t.equal(body, messageFor(person))
})

t.test('the stage $default is not removed from the path', async (t) => {
  const { id } = await seedPerson(t, data)
  const path = `/$default${greeting(id).path}`
  const rest = restApi.createEvent({ path })
  const requestContext = { ...rest.requestContext, path, stage: '$default' }

  for (const event of [
    functionUrl.createEvent({ path }),
    httpApi.createEvent({ path }),
    { ...rest, version: '1.0', requestContext },
  ]) {
    const { statusCode } = await handler(event, createContext())
    t.equal(statusCode, 404, event.version)
  }
  t.strictSame(await data.messages(id), [])
})

t.test('the base path of a custom domain is removed from the path', async (t) => {
  const person = await seedPerson(t, data, { suffix: '/b' })
  const own = greeting(person.id).path

  // The last one is that of a domain that maps to the API, so that clients add the stage.
  for (const path of [own, `/base${own}`, `/base/v1${own}`, `/base/Prod${own}`]) {
    const event = restApi.createEvent({ path })
    const requestContext = { ...event.requestContext, path }
    const { body } = await handler({ ...event, requestContext }, createContext())
    t.equal(body, messageFor(person), path)
  }
})

t.test('a path with a base path gets 404 unless it ends with the resource', async (t) => {
  const { id } = await seedPerson(t, data)
  const own = greeting(id).path

  for (const path of [`/base/${id}`, `/base${own}/`, `${own}/base`]) {
    const event = restApi.createEvent({ path })
    const requestContext = { ...event.requestContext, path }
    const { statusCode } = await handler({ ...event, requestContext }, createContext())
    t.equal(statusCode, 404, path)
  }
  t.strictSame(await data.messages(id), [])
})

t.test('no base path is removed where the resource is {proxy+}', async (t) => {
  const person = await seedPerson(t, data)
  const { path } = greeting(person.id)
  const event = restApi.createEvent({ path })
  const requestContext = { ...event.requestContext, path, resourcePath: '/{proxy+}' }

  const { body } = await handler({ ...event, requestContext }, createContext())

  t.equal(body, messageFor(person))
})

t.test('an HTTP API may send events of payload format 1.0', async (t) => {
  const person = await seedPerson(t, data)
  const own = greeting(person.id).path

  for (const [path, stage] of [
    [own, '$default'],
    [`/live${own}`, 'live'],
  ] as const) {
    const event = restApi.createEvent({ path })
    const requestContext = { ...event.requestContext, path, stage }
    const { body } = await handler({ ...event, version: '1.0', requestContext }, createContext())
    t.equal(body, messageFor(person), path)
  }
})

t.test('the base path of an HTTP API is not removed in payload format 1.0', async (t) => {
  const { id } = await seedPerson(t, data)
  const path = `/base${greeting(id).path}`
  const event = restApi.createEvent({ path })
  const requestContext = { ...event.requestContext, path, stage: '$default' }

  const response = await handler({ ...event, version: '1.0', requestContext }, createContext())

  t.equal(response.statusCode, 404)
  t.strictSame(await data.messages(id), [])
})

t.test('an HTTP API cuts an id at an encoded question mark', async (t) => {
  const person = await seedPerson(t, data)
  const event = httpApi.createEvent(greeting(`${person.id}?b`))

  const { body } = await handler(event, createContext())

  t.equal(body, messageFor(person))
})

t.test('the path that an HTTP API has decoded is not decoded again', async (t) => {
  for (const suffix of ['#b', '?b', '%', '%41']) {
    const person = await seedPerson(t, data, { suffix })
    const event = { ...httpApi.createEvent({ path: '/' }), rawPath: `${basePath}/${person.id}` }
    t.equal((await handler(event, createContext())).body, messageFor(person), suffix)
  }
})

t.test('a malformed query is ignored', async (t) => {
  const person = await seedPerson(t, data)
  const event = loadBalancer.createEvent(greeting(person.id))

  const { body } = await handler({ ...event, queryStringParameters: { '%': '%' } }, createContext())

  t.equal(body, messageFor(person))
})

t.test('a load balancer that sends multi-value headers gets multi-value headers', async (t) => {
  const person = await seedPerson(t, data)
  const { headers, ...event } = loadBalancer.createEvent(greeting(person.id))
  const multiValueHeaders = { accept: ['application/json'] }

  const response = await handler({ ...event, multiValueHeaders }, createContext())

  t.strictSame(JSON.parse(response.body), { message: messageFor(person) })
  t.match(response, { multiValueHeaders: { 'content-type': ['application/json; charset=utf-8'] } })
})

/** Loads the handler in a process of its own, as Lambda does, and sends it an event. */
function runHandler(env: NodeJS.ProcessEnv, event: unknown = restApi.createEvent(greeting('1'))) {
  const { done, fail, getRemainingTimeInMillis, succeed, ...context } = createContext()
  const script = `
    const { handler } = await import(${JSON.stringify(new URL('../../src/lambda/handler.ts', import.meta.url))})
    for (const event of ${JSON.stringify([event].flat())})
      await handler(event, ${JSON.stringify(context)})`
  const args = ['--input-type=module', '--eval', script]
  const result = promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } })
  return { requestId: context.awsRequestId, result }
}

t.test('each log line is JSON with the id of its invocation', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)

  const { requestId, result } = runHandler({ ...lambdaEnvironment(table), LOG_LEVEL: '' })

  const lines = (await result).stdout.trimEnd().split('\n')
  t.strictSame(
    lines.map((line) => JSON.parse(line)).map(({ msg, requestId }) => ({ msg, requestId })),
    [{ msg: 'request completed', requestId }]
  )
})

t.test('an event that is not an HTTP request is one log line, which says what it is', async (t) => {
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info' }
  const Records = [{ eventSource: 'aws:sqs', body: '\nsecret' }]

  const { requestId, result } = runHandler(env, { Records })

  const { stdout } = await result
  t.notMatch(stdout, 'secret')
  t.match(JSON.parse(stdout), {
    level: 'INFO',
    msg: 'The event is not an HTTP request.',
    requestId,
    event: { source: 'aws:sqs', keys: ['Records'] },
    coldStart: true,
    status: 400,
  })
})

/** Returns the fields of the log lines that the handler writes for events, one after the other. */
async function logOf(events: object[], variables: NodeJS.ProcessEnv = {}) {
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', ...variables }
  const { stdout } = await runHandler(env, events).result
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const missing = { path: '/missing' }
const root = '1-67891233-abcdef012345678912345678'

t.test('the first event of an environment is its cold start', async (t) => {
  const event = restApi.createEvent(missing)
  const lines = await logOf([event, event])
  t.strictSame(
    lines.map(({ coldStart }) => coldStart),
    [true, false]
  )
})

t.test('a line has the request id of API Gateway, if it looks like one', async (t) => {
  const events = [restApi, httpApi].flatMap((source) =>
    ['JKJaXmPLvHcESHA=', '\n{"level":"FATAL"}', 'a'.repeat(65), 1].map((requestId) => {
      const event = source.createEvent(missing)
      return { ...event, requestContext: { ...event.requestContext, requestId } }
    })
  )
  const ids = (await logOf(events)).map(({ apiRequestId }) => apiRequestId)
  const expected = ['JKJaXmPLvHcESHA=', undefined, undefined, undefined]
  t.strictSame(ids, [...expected, ...expected])
})

t.test('a line has the trace of the invocation, or that of the event', async (t) => {
  const headers = { 'X-Amzn-Trace-Id': `Root=${root}` }
  const event = restApi.createEvent({ ...missing, headers })
  const ofInvocation = root.replace('1-6', '1-7')
  const variables = { _X_AMZN_TRACE_ID: `Root=${ofInvocation};Parent=53995c3f42cd8ad8;Sampled=0` }

  t.match(await logOf([event]), [{ traceId: root }])
  t.match(await logOf([event], variables), [{ traceId: ofInvocation }])
  t.match(await logOf([event], { _X_AMZN_TRACE_ID: 'secret' }), [{ traceId: root }])
})

t.test('a function without a table name fails to start, with the reason', async (t) => {
  const { result } = runHandler({ ...lambdaEnvironment(table), DYNAMODB_TABLE_NAME: '' })
  await t.rejects(result, {
    message: /ConfigError: DYNAMODB_TABLE_NAME must be .*; it is not set\./,
  })
})

t.test('the tests leave no items behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
