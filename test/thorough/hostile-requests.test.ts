import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { expectHarmless, expectHarmlessRequest, recordedBy } from '../support/expect-harmless.ts'
import { basePath, greeting, messageFor, messagesIn } from '../support/greeting.ts'
import { hostileText } from '../support/hostile-text.ts'
import { exchange } from '../support/raw-http.ts'
import type { Response } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { toResponse } from '../targets/inject.ts'
import { sendOnSocket, startOn } from '../targets/standalone.ts'

/** Malicious requests. Each run tries others; a property that fails prints its seed and the request. */
const table = await startEmbeddedTable()
const data = new TestData(table.repository)
t.teardown(table.stop)

const name = 'Ada'

/** The path of an id, and paths that resemble it. */
const pathsNear = (id: string) =>
  fc.oneof(
    fc.constant(`${basePath}/${id}`),
    fc.constantFrom(
      ...['/', basePath, `${basePath}/`, '/health', '/ready', '/__proto__', `${basePath}/${id}/`],
      ...[`/${basePath}/${id}`, `${basePath.toUpperCase()}/${id}`, `${basePath};/${id}`],
      ...[`${basePath}/..${basePath}/${id}`, `${basePath}/${id}?a=%zz&__proto__=1`],
      ...[`${basePath}/${id}#a`, `${basePath}/${id}%`, `${basePath}/${id}%ff`],
      ...[`${basePath}/%00${id}`, `${basePath}%2F${id}`, `${basePath}/${id}${'a'.repeat(2048)}`]
    ),
    hostileText.map((text) => `/${text}`),
    hostileText.map((text) => `${basePath}/${id}${encodeURIComponent(text)}`)
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

t.test(
  'no request by inject fails, gets a page, or records anything but its own message',
  async (t) => {
    const app = buildApp(table.app)
    t.teardown(() => app.close())
    const id = data.newId(t)

    const property = fc.asyncProperty(
      methods,
      pathsNear(id),
      fc.dictionary(names, values),
      fc.option(hostileText, { nil: undefined }),
      async (method, path, headers, payload) => {
        await table.repository.putName(id, name)
        // With an origin, since inject would read one from the start of some paths.
        const request = { method, url: `http://test${path}`, headers, payload }
        await expectHarmlessRequest(table, name, async () => toResponse(await app.inject(request)))
      }
    )
    await fc.assert(property, { numRuns: 300 })
  }
)

/** Mostly a good choice, and sometimes another one. */
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

/** The bytes of a request, or nearly of one. */
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
          // The end that the server may still wait for, and a request that ends the connection.
          `${'\r\n'.repeat(4)}GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`
      )
    )

const anyBytes = (id: string) =>
  fc.oneof(
    { weight: 9, arbitrary: almostHttp(pathsNear(id)) },
    fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from([...bytes, 13, 10, 13, 10]))
  )

t.test(
  'no bytes on a socket make the server fail, or record anything but the messages of its responses',
  async (t) => {
    const { pool, server } = await startOn(table)
    t.teardown(async () => {
      await pool.close()
      await server.close()
    })
    const id = data.newId(t)

    const property = fc.asyncProperty(anyBytes(id), async (bytes) => {
      await table.repository.putName(id, name)

      const { result, messages } = await recordedBy(table, name, async () => {
        const responses = await exchange(server.listeningOrigin, bytes)
        return { responses, last: await sendOnSocket(pool, greeting(id)) }
      })

      const { last, responses } = result
      assert.equal(last.body, messageFor({ id, name }))
      for (const response of responses) expectHarmless(response)
      const sent = [last, ...responses.filter((each) => !isHealth(each))].flatMap(messagesIn)
      // A request may still be in flight when the bytes after it close the connection.
      const isCut = responses.length === 0 || responses.some(isInvalid)
      assert.ok(messages.length === sent.length || (isCut && messages.length === sent.length + 1))
      for (const message of sent) assert.ok(messages.includes(message), message)
    })
    await fc.assert(property, { numRuns: 300 })
  }
)

const isHealth = ({ body }: Response) => body === '{"status":"ok"}'
const isInvalid = ({ body }: Response) => body.includes('This is not a valid HTTP request.')

t.test('the tests leave no items behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
