import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import * as eventSources from '../support/lambda-events.ts'
import { functionUrl, httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import type { Request } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { createContext, lambdaEnvironment, startHandler } from '../targets/lambda.ts'

/** What only the Lambda handler has. */
const { handler, stop, table } = await startHandler()
const data = new TestData(table.repository)
t.teardown(stop)

t.test('the id of a response is that of the invocation', async (t) => {
  const context = createContext()
  const event = restApi.createEvent({ path: `/hello/${data.newId(t)}` })

  const { headers } = await handler(event, context)

  t.equal(headers['x-request-id'], context.awsRequestId)
})

// They are about one connection, which HTTP/2 has no words for. (RFC 9113, 8.2.2)
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
    const known = await data.seed(t, 'Ada')
    const requests: Request[] = [
      { path: `/hello/${known}` },
      { path: `/hello/${data.newId(t)}` },
      { path: '/hello/' },
      { path: '/' },
      { method: 'POST', path: `/hello/${known}`, body: 'text' },
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

t.test('the health of the server is nothing of the function', async (t) => {
  for (const path of ['/health', '/ready']) {
    const { statusCode } = await handler(restApi.createEvent({ path }), createContext())
    t.equal(statusCode, 404)
  }
})

t.test('an HTTP API has turned an escaped slash into one of the path', async (t) => {
  const id = await data.seed(t, 'Ada', '/b')
  const event = httpApi.createEvent({ path: `/hello/${encodeURIComponent(id)}` })

  const { statusCode } = await handler(event, createContext())

  t.equal(statusCode, 404)
  t.strictSame(await data.messages(id), [])
})

t.test('a REST API takes its stage off the path, so what looks like one is a path', async (t) => {
  const id = await data.seed(t, 'Ada')
  const event = restApi.createEvent({ path: `/Prod/hello/${id}` })

  const { statusCode } = await handler(event, createContext())

  t.equal(statusCode, 404)
  t.strictSame(await data.messages(id), [])
})

t.test('a path that begins like the stage of its REST API is a path', async (t) => {
  const id = await data.seed(t, 'Ada')
  const event = restApi.createEvent({ path: `/hello/${id}` })
  const requestContext = { ...event.requestContext, stage: 'hello' }

  const { body } = await handler({ ...event, requestContext }, createContext())

  t.equal(body, 'Hello Ada!')
})

t.test('a named stage of an HTTP API is in the path', async (t) => {
  const id = await data.seed(t, 'Ada')
  const event = httpApi.createEvent({ path: `/live/hello/${id}` })
  const requestContext = { ...event.requestContext, stage: 'live' }

  const { body } = await handler({ ...event, requestContext }, createContext())

  t.equal(body, 'Hello Ada!')
})

t.test('the stage $default is never in the path', async (t) => {
  const id = await data.seed(t, 'Ada')
  const path = `/$default/hello/${id}`
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

t.test('the base path of a custom domain is not of the path', async (t) => {
  const id = await data.seed(t, 'Ada', '/b')
  const own = `/hello/${encodeURIComponent(id)}`

  // Where the domain maps to a stage, and where it maps to the API, so that callers add the stage.
  for (const path of [own, `/greetings${own}`, `/greetings/v1${own}`, `/greetings/Prod${own}`]) {
    const event = restApi.createEvent({ path })
    const requestContext = { ...event.requestContext, path }
    t.equal((await handler({ ...event, requestContext }, createContext())).body, 'Hello Ada!', path)
  }
})

t.test('a base path leads nowhere but to the resource', async (t) => {
  const id = await data.seed(t, 'Ada')

  for (const path of [`/greetings/${id}`, `/greetings/hello/${id}/`, `/hello/${id}/greetings`]) {
    const event = restApi.createEvent({ path })
    const requestContext = { ...event.requestContext, path }
    const { statusCode } = await handler({ ...event, requestContext }, createContext())
    t.equal(statusCode, 404, path)
  }
  t.strictSame(await data.messages(id), [])
})

t.test('a resource that takes any path has no base path', async (t) => {
  const id = await data.seed(t, 'Ada')
  const path = `/hello/${id}`
  const event = restApi.createEvent({ path })
  const requestContext = { ...event.requestContext, path, resourcePath: '/{proxy+}' }

  const { body } = await handler({ ...event, requestContext }, createContext())

  t.equal(body, 'Hello Ada!')
})

t.test('an HTTP API may send events of the format 1.0', async (t) => {
  const id = await data.seed(t, 'Ada')

  for (const [path, stage] of [
    [`/hello/${id}`, '$default'],
    [`/live/hello/${id}`, 'live'],
  ] as const) {
    const event = restApi.createEvent({ path })
    const requestContext = { ...event.requestContext, path, stage }
    const { body } = await handler({ ...event, version: '1.0', requestContext }, createContext())
    t.equal(body, 'Hello Ada!', path)
  }
})

t.test('the base path of an HTTP API, in events of the format 1.0, is of the path', async (t) => {
  const id = await data.seed(t, 'Ada')
  const path = `/greetings/hello/${id}`
  const event = restApi.createEvent({ path })
  const requestContext = { ...event.requestContext, path, stage: '$default' }

  const response = await handler({ ...event, version: '1.0', requestContext }, createContext())

  t.equal(response.statusCode, 404)
  t.strictSame(await data.messages(id), [])
})

t.test('an HTTP API has cut an id at an escaped question mark', async (t) => {
  const id = await data.seed(t, 'Ada')
  const event = httpApi.createEvent({ path: `/hello/${id}%3Fb` })

  const { body } = await handler(event, createContext())

  t.equal(body, 'Hello Ada!')
})

t.test('what an HTTP API has decoded is not decoded again', async (t) => {
  for (const suffix of ['#b', '?b', '%', '%41']) {
    const id = await data.seed(t, 'Ada', suffix)
    const event = { ...httpApi.createEvent({ path: '/' }), rawPath: `/hello/${id}` }
    t.equal((await handler(event, createContext())).body, 'Hello Ada!', suffix)
  }
})

t.test('a query changes nothing, even if it is malformed', async (t) => {
  const id = await data.seed(t, 'Ada')
  const event = loadBalancer.createEvent({ path: `/hello/${id}` })

  const { body } = await handler({ ...event, queryStringParameters: { '%': '%' } }, createContext())

  t.equal(body, 'Hello Ada!')
})

t.test('a load balancer may give, and then takes, multi-value headers', async (t) => {
  const id = await data.seed(t, 'Ada')
  const { headers, ...event } = loadBalancer.createEvent({ path: `/hello/${id}` })
  const multiValueHeaders = { accept: ['application/json'] }

  const response = await handler({ ...event, multiValueHeaders }, createContext())

  t.equal(response.body, '{"message":"Hello Ada!"}')
  t.match(response, { multiValueHeaders: { 'content-type': ['application/json; charset=utf-8'] } })
})

const greeting: unknown = restApi.createEvent({ path: `/hello/1` })

/** Loads the handler in a process of its own, as Lambda does, and has it handle an event. */
function runHandler(env: NodeJS.ProcessEnv, event = greeting) {
  const { done, fail, getRemainingTimeInMillis, succeed, ...context } = createContext()
  const script = `
    const { handler } = await import(${JSON.stringify(new URL('../../src/lambda/handler.ts', import.meta.url))})
    await handler(${JSON.stringify(event)}, ${JSON.stringify(context)})`
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
    [
      { msg: 'incoming request', requestId },
      { msg: 'request completed', requestId },
    ]
  )
})

t.test('an event that is not an HTTP request is one log line', async (t) => {
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info' }

  const { requestId, result } = runHandler(env, { Records: [{ body: '\n' }] })

  t.match(JSON.parse((await result).stdout), {
    level: 30,
    msg: 'The event is not an HTTP request.',
    requestId,
  })
})

t.test('a function without its table does not start, and says why', async (t) => {
  const { result } = runHandler({ ...lambdaEnvironment(table), DYNAMODB_TABLE_NAME: '' })
  await t.rejects(result, {
    message: /ConfigError: DYNAMODB_TABLE_NAME must be .*; it is not set\./,
  })
})

t.test('nothing of these tests is left behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
