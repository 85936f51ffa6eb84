import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { expectHarmlessRequest } from '../support/expect-harmless.ts'
import { basePath, greeting, messageFor, seedPerson } from '../support/greeting.ts'
import { hostileText } from '../support/hostile-text.ts'
import * as eventSources from '../support/lambda-events.ts'
import { functionUrl, httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import { TestData } from '../support/test-data.ts'
import { createContext, startHandler, toResponse } from '../targets/lambda.ts'

/** Events that no API sends. Anyone with permission to invoke the function can send them. */
const { handler, stop, table } = await startHandler()
const data = new TestData(table.repository)
t.teardown(stop)

/** Handles any event: the response must have the id of the invocation, and both kinds of headers. */
async function handle(event: unknown) {
  const context = createContext()
  const response = await handler(event, context)
  assert.equal(response.headers['x-request-id'], context.awsRequestId)
  const { multiValueHeaders } = { multiValueHeaders: undefined, ...response }
  assert.deepEqual(
    multiValueHeaders,
    Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, [value]]))
  )
  return toResponse(response)
}

/** It cannot be converted to a string. */
const noPrimitive = { toString: null, valueOf: null }

const replacements = fc.oneof(
  fc.constantFrom(undefined, null, true, 7, [], {}, [null], [['a']], { a: 'b' }, noPrimitive),
  fc.constant([noPrimitive]),
  fc.constantFrom('', '/', '%', 'GET', '$default', 'text'.repeat(50_000)),
  hostileText,
  fc.jsonValue()
)

/** Replaces the value at a path, which is chosen level by level; `undefined` removes the value. */
function mutate(value: unknown, [choice, ...choices]: number[], replacement: unknown): unknown {
  if (typeof value !== 'object' || value === null || choice === undefined) return replacement
  const fields = Object.entries(value)
  const index = choice % (fields.length + 1)
  const [name, field] = fields[index] ?? ['extra', undefined]
  return { ...value, [name]: mutate(field, choices, replacement) }
}
const mutations = fc.array(
  fc.tuple(fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }), replacements),
  { minLength: 1, maxLength: 3 }
)

for (const source of Object.values(eventSources)) {
  t.test(`no change of an event of ${source.name} makes the handler fail`, async (t) => {
    const id = data.newId(t, '#')
    const name = 'Ada'
    const headers = { Accept: '*/*', Cookie: 'a=b' }
    const event = source.createEvent({ ...greeting(id, headers), body: 'text' })

    const property = fc.asyncProperty(mutations, async (mutations) => {
      await table.repository.putName(id, name)
      const changed = mutations.reduce<unknown>(
        (event, [path, replacement]) => mutate(event, path, replacement),
        event
      )
      await expectHarmlessRequest(table, name, () => handle(changed))
    })
    await fc.assert(property, { numRuns: 200 })
  })
}

const { path, ...withoutPath } = restApi.createEvent(greeting('1'))
const { requestContext, ...withoutContext } = functionUrl.createEvent(greeting('1'))
const others: [what: string, event: unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['a string', `GET ${basePath}/1`],
  ['a list', [restApi.createEvent(greeting('1'))]],
  ['an empty object', {}],
  ['a scheduled event', { 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} }],
  ['an event of S3', { Records: [{ eventSource: 'aws:s3', s3: { object: { key: '1' } } }] }],
  [
    'an event of SQS',
    { Records: [{ eventSource: 'aws:sqs', body: JSON.stringify(greeting('1')) }] },
  ],
  ['a message of a WebSocket API', { requestContext: { routeKey: 'route', stage: 'Prod' } }],
  ['an event without a path', withoutPath],
  ['an event without a context', withoutContext],
  ['a method that HTTP does not have', { ...withoutPath, path, httpMethod: 'get' }],
]
for (const [what, event] of others) {
  t.test(`${what} gets a problem: the event is not an HTTP request`, async (t) => {
    const response = await handle(event)

    t.equal(response.status, 400)
    t.equal(response.headers['content-type'], 'application/problem+json')
    t.strictSame(JSON.parse(response.body), {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'The event is not an HTTP request.',
      instance: response.headers['x-request-id'],
    })
    t.strictSame(await table.leftovers(), [])
  })
}

t.test('headers that are not strings are ignored', async (t) => {
  const person = await seedPerson(t, data)
  const event = loadBalancer.createEvent(greeting(person.id))

  for (const headers of [null, 7, 'text', ['text'], { accept: null }, { accept: noPrimitive }]) {
    t.equal((await handle({ ...event, headers })).body, messageFor(person), JSON.stringify(headers))
  }
  for (const multiValueHeaders of [null, 'text', { accept: 'text' }, { accept: [noPrimitive] }]) {
    const { body } = await handle({ ...event, multiValueHeaders })
    t.equal(body, messageFor(person), JSON.stringify(multiValueHeaders))
  }
})

t.test('an address that is not a string is ignored', async (t) => {
  const person = await seedPerson(t, data)
  const rest = restApi.createEvent(greeting(person.id))
  const url = functionUrl.createEvent(greeting(person.id))
  const sourceIp = ['192.0.2.1']

  for (const event of [
    { ...rest, requestContext: { ...rest.requestContext, identity: { sourceIp } } },
    {
      ...url,
      requestContext: { ...url.requestContext, http: { ...url.requestContext.http, sourceIp } },
    },
  ]) {
    t.equal((await handle(event)).body, messageFor(person))
  }
})

t.test('any JSON gets a problem: the event is not an HTTP request', async () => {
  const property = fc.asyncProperty(fc.jsonValue(), async (event) => {
    assert.equal((await handle(event)).status, 400)
  })
  await fc.assert(property, { numRuns: 500 })
})

t.test('behind an HTTP API, an id with a slash gets 404, and nothing is recorded', async (t) => {
  const carried = hostileText.map((text) => text.replace(/[%?#]/g, ''))
  const property = fc.asyncProperty(carried, carried, async (before, after) => {
    const id = `${data.newId(t)}${before}/${after}`

    const { status, headers } = await handle(httpApi.createEvent(greeting(id)))

    assert.equal(status, 404)
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.deepEqual(await table.leftovers(), [])
  })
  await fc.assert(property, { numRuns: 50 })
})

t.test('the tests leave no items behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
