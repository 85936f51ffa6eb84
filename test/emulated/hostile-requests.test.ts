import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import {
  expectHarmless,
  expectHarmlessRequest,
  messagesOf,
  recordedBy,
} from '../support/expect-harmless.ts'
import { hostileText } from '../support/hostile-text.ts'
import { exchange } from '../support/raw-http.ts'
import type { Response } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { toResponse } from '../targets/inject.ts'
import { sendOnSocket, startOn } from '../targets/standalone.ts'

/** Requests of ill will. What a property tries, it tells when it fails; each run tries others. */
const table = await startEmbeddedTable()
const data = new TestData(table.repository)
t.teardown(table.stop)

/** Paths that lead to an id, or nearly so. */
const pathsNear = (id: string) =>
  fc.oneof(
    fc.constant(`/hello/${id}`),
    fc.constantFrom(
      ...['/', '/hello', '/hello/', '/health', '/ready', '/__proto__', `/hello/${id}/`],
      ...[`//hello/${id}`, `/HELLO/${id}`, `/hello;/${id}`, `/hello/../hello/${id}`],
      ...[`/hello/${id}?a=%zz&__proto__=1`, `/hello/${id}#a`, `/hello/${id}%`, `/hello/${id}%ff`],
      ...[`/hello/%00${id}`, `/hello%2F${id}`, `/hello/${id}${'a'.repeat(2048)}`]
    ),
    hostileText.map((text) => `/${text}`),
    hostileText.map((text) => `/hello/${id}${encodeURIComponent(text)}`)
  )

const methods = fc.oneof(fc.constant('GET'), fc.constantFrom(...METHODS))
const names = fc.constantFrom(
  ...['Accept', 'Accept-Version', 'Authorization', 'Content-Encoding', 'Content-Type', 'Cookie'],
  ...['Host', 'Origin', 'X-Forwarded-For', 'X-HTTP-Method-Override', 'X-Request-Id']
)
const values = fc.oneof(
  fc.constantFrom(
    ...['', ',', ';', '*', '*/*', 'application/json', 'application/json;q=nonsense', 'text/html'],
    ...['application/json; charset=nonsense', 'gzip', 'multipart/form-data', '[object Object]']
  ),
  hostileText
)

t.test('no request by inject fails, gets a page or writes what it is not told', async (t) => {
  const app = buildApp(table.app)
  t.teardown(() => app.close())
  const id = data.newId(t)

  const property = fc.asyncProperty(
    methods,
    pathsNear(id),
    fc.dictionary(names, values),
    fc.option(hostileText, { nil: undefined }),
    async (method, path, headers, payload) => {
      await table.repository.putName(id, 'Ada')
      // With an origin, since inject takes the start of some paths for one.
      const request = { method, url: `http://test${path}`, headers, payload }
      await expectHarmlessRequest(table, async () => toResponse(await app.inject(request)))
    }
  )
  await fc.assert(property, { numRuns: 300 })
})

/** Mostly a choice that may pass, and sometimes another. */
const mostly = <T>(good: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]) =>
  fc.oneof({ weight: 25 * others.length, arbitrary: good }, ...others)

const escaped = (path: string) => path.replace(/[^\x21-\x7e]/gu, encodeURIComponent)

const goodHeaders = fc.oneof(
  fc.constantFrom(
    ...['Expect: 100-continue', 'Expect: nonsense', 'Connection: upgrade\r\nUpgrade: websocket'],
    ...['Connection: close', 'Connection: nonsense', 'TE: trailers', 'Upgrade: h2c', 'Empty:'],
    ...['Content-Length: 3', 'Content-Length: 999999999', 'Transfer-Encoding: chunked']
  ),
  fc.tuple(names, values.map(escaped)).map((header) => header.join(': '))
)
const badHeaders = fc.constantFrom(
  ...['Content-Length: -1', 'Content-Length: 3\r\nContent-Length: 4', 'Content-Length: 0x3'],
  ...['Content-Length: 99999999999999999999', 'Transfer-Encoding: chunked, identity'],
  ...['Transfer-Encoding: nonsense', 'no colon', ' folded', ': no name', 'A : space'],
  `Long: ${'a'.repeat(20_000)}`
)

/** More or less a request, as bytes. */
const almostHttp = (paths: fc.Arbitrary<string>) =>
  fc
    .record({
      method: mostly(methods, fc.constantFrom('get', ''), hostileText),
      path: mostly(paths.map(escaped), paths, fc.constantFrom('*', '', 'http://test', 'test:80')),
      origin: mostly(fc.constant(''), fc.constant('http://test')),
      version: mostly(
        fc.constantFrom('HTTP/1.1', 'HTTP/1.0'),
        fc.constantFrom('HTTP/0.9', 'HTTP/2.0', 'http/1.1', 'nonsense', '')
      ),
      hosts: fc.oneof(
        { weight: 9, arbitrary: fc.constant('Host: test') },
        fc.constantFrom('Host:', 'Host: a\r\nHost: b', 'Host: <b>', 'X: without a host')
      ),
      headers: fc.array(mostly(goodHeaders, badHeaders, hostileText), { maxLength: 3 }),
      body: mostly(fc.constant(''), fc.constantFrom('abc', '3\r\nabc\r\n0\r\n\r\n'), hostileText),
    })
    .map(({ method, origin, path, version, hosts, headers, body }) =>
      Buffer.from(
        [`${method} ${origin}${path} ${version}`, hosts, ...headers, '', body].join('\r\n') +
          // What the server may still wait for, and a request whose answer ends the connection.
          `${'\r\n'.repeat(4)}GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`
      )
    )

const anyBytes = (id: string) =>
  fc.oneof(
    { weight: 9, arbitrary: almostHttp(pathsNear(id)) },
    fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from([...bytes, 13, 10, 13, 10]))
  )

t.test('no bytes on a socket make the server fail, or write what it does not tell', async (t) => {
  const { pool, server } = await startOn(table)
  t.teardown(async () => {
    await pool.close()
    await server.close()
  })
  const id = data.newId(t)
  const greet = () => sendOnSocket(pool, { path: `/hello/${id}` })

  const property = fc.asyncProperty(anyBytes(id), async (bytes) => {
    await table.repository.putName(id, 'Ada')

    const { result, messages } = await recordedBy(table, async () => {
      const responses = await exchange(server.listeningOrigin, bytes)
      return { responses, greeting: await greet() }
    })

    const { greeting, responses } = result
    assert.equal(greeting.body, 'Hello Ada!')
    for (const response of responses) expectHarmless(response)
    const told = [greeting, ...responses.filter((each) => !isHealth(each))].flatMap(messagesOf)
    // A request may still be under way when what follows it closes the connection.
    const isCut = responses.length === 0 || responses.some(isBroken)
    assert.ok(messages.length === told.length || (isCut && messages.length === told.length + 1))
    for (const message of told) assert.ok(messages.includes(message), message)
  })
  await fc.assert(property, { numRuns: 300 })
})

const isHealth = ({ body }: Response) => body === '{"status":"ok"}'
const isBroken = ({ body }: Response) => body.includes('cannot read this as an HTTP request')

t.test('nothing of these tests is left behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
