import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { expectHarmless } from '../support/expect-harmless.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { hostileText } from '../support/hostile-text.ts'
import type { Ability, Request, Response, StartedTarget, Target } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { testUnlessUnsupported } from '../support/test-unless-unsupported.ts'

const json = { 'content-type': 'application/json' }

/**
 * What the foundation gives any resource, by the example of notes (support/notes). The target must
 * have been imported after support/use-notes.ts.
 */
export function specifyAnyResource(t: Test, target: Target): void {
  let api: StartedTarget
  let data: TestData
  t.before(async () => {
    api = await target.start()
    t.teardown(api.stop)
    data = new TestData(api.items)
  })

  const test = testUnlessUnsupported(t, target)

  function put(owner: string, note: string, body: unknown, others: Partial<Request> = {}) {
    const path = pathOf(owner, note)
    return api.send({ method: 'PUT', path, headers: json, body: JSON.stringify(body), ...others })
  }

  const list = (owner: string, query = '', others: Partial<Request> = {}) =>
    api.send({ path: `${pathOf(owner)}${query}`, ...others })

  const notesOf = async (owner: string, query = '') =>
    JSON.parse((await list(owner, query)).body).notes

  test('a note is put, listed, replaced and deleted', [], async (t) => {
    const owner = data.newId(t)
    const path = pathOf(owner, 'a')

    for (const text of ['first', 'second']) {
      const response = await put(owner, 'a', { text })
      t.equal(response.status, 204)
      t.equal(response.body, '')
      t.equal(response.headers['content-type'], undefined)
      expectHarmless(response)
      const listed = await list(owner)
      t.equal(listed.status, 200)
      t.equal(listed.headers['content-type'], 'application/json; charset=utf-8')
      expectHarmless(listed)
      t.strictSame(JSON.parse(listed.body), { notes: [{ note: 'a', text, color: 'yellow' }] })
    }

    t.equal((await api.send({ method: 'DELETE', path })).status, 204)
    t.strictSame(await notesOf(owner), [])
  })

  test('a body may be sent as text or as bytes', [], async (t) => {
    const owner = data.newId(t)
    const text = 'Zoë 👋🏽 \u2028 "'
    const body = JSON.stringify({ text })

    for (const [index, each] of [body, Buffer.from(body)].entries()) {
      t.equal((await put(owner, `${index}`, undefined, { body: each })).status, 204)
    }

    t.match(await notesOf(owner), [{ text }, { text }])
  })

  test('notes are listed page by page', [], async (t) => {
    const owner = data.newId(t)
    for (const note of ['c', 'a', 'e', 'b', 'd']) await put(owner, note, { text: note })

    const pages: string[][] = []
    for (let query = '?limit=2'; query; ) {
      const { notes, next } = JSON.parse((await list(owner, query)).body)
      pages.push(notes.map(({ note }: { note: string }) => note))
      query = next && `?limit=2&after=${encodeURIComponent(next)}`
    }

    t.strictSame(pages, [['a', 'b'], ['c', 'd'], ['e']])
  })

  test('a query is coerced, has defaults and is validated', [], async (t) => {
    const owner = data.newId(t)
    const notes = Array.from({ length: 11 }, (_, index) => String(index + 10))
    for (const note of notes) await put(owner, note, { text: note })

    t.equal((await notesOf(owner)).length, 10)
    t.equal((await notesOf(owner, '?limit=3')).length, 3)
    t.equal((await notesOf(owner, '?limit=50&unknown=1')).length, 11)
    for (const [query, detail] of [
      ['?limit=51', 'querystring/limit must be <= 50'],
      ['?limit=0', 'querystring/limit must be >= 1'],
      ['?limit=ten', 'querystring/limit must be integer'],
      ['?limit=1.5', 'querystring/limit must be integer'],
      ['?after=', 'querystring/after must NOT have fewer than 1 characters'],
    ] as const) {
      expectProblem(t, await list(owner, query), 400, detail)
    }
  })

  test('a body is coerced, has defaults and is validated', [], async (t) => {
    const owner = data.newId(t)

    const due = '2026-12-24'
    t.equal((await put(owner, 'a', { text: 7, color: ['red'], due, secret: 'x' })).status, 204)
    t.strictSame(await notesOf(owner), [{ note: 'a', text: '7', color: 'red', due }])

    for (const [body, detail] of [
      [{}, "body must have required property 'text'"],
      [{ text: {} }, 'body/text must be string'],
      [{ text: 'a'.repeat(1001) }, 'body/text must NOT have more than 1000 characters'],
      [{ text: '\ud800' }, 'body/text must match pattern "^\\P{Surrogate}*$"'],
      [{ text: '', due: '2026-02-30' }, 'body/due must match format "date"'],
    ] as const) {
      expectProblem(t, await put(owner, 'a', body), 400, detail)
    }
    t.equal((await notesOf(owner)).length, 1)
  })

  test('a response has only the fields of its schema', [], async (t) => {
    const owner = data.newId(t)
    await put(owner, 'a', { text: 'text' })

    const stored = JSON.stringify(await api.leftovers([owner]))
    const { body } = await list(owner)

    t.match(stored, '"secret":"internal"')
    t.notMatch(body, /secret|internal/)
  })

  test('query keys may be repeated', ['carry repeated query keys'], async (t) => {
    const owner = data.newId(t)
    for (const color of ['red', 'green', 'a&b=c d+é']) await put(owner, color, { text: '', color })
    const colors = async (query: string) =>
      (await notesOf(owner, query)).map(({ color }: { color: string }) => color)

    t.strictSame(await colors('?color=red&limit=9&color=green'), ['green', 'red'])
    t.strictSame(await colors('?color=red,green'), [])
    expectProblem(
      t,
      await list(owner, '?color=1&color=2&color=3&color=4&color=5&color=6'),
      400,
      'querystring/color must NOT have more than 5 items'
    )
  })

  test('names and values of a query are percent-decoded once', [], async (t) => {
    const owner = data.newId(t)
    for (const color of ['a&b=c d+é', '100%25', '%']) {
      await put(owner, 'a', { text: '', color })
      const query = `?c%6flor=${encodeURIComponent(color)}`
      t.match(await notesOf(owner, query), [{ color }], query)
    }
    await put(owner, 'a', { text: '', color: 'a b' })
    t.match(await notesOf(owner, '?color=a+b'), [{ color: 'a b' }])
  })

  test('cookies are received, and returned', [], async (t) => {
    const owner = data.newId(t)
    for (const [cookie, visits] of [
      [undefined, 1],
      ['visits=4', 5],
      ['a=b; visits=8; c="d"', 9],
    ] as const) {
      const { cookies = [] } = await list(owner, '', { headers: cookie ? { Cookie: cookie } : {} })
      t.equal(cookies.at(-1), `visits=${visits}; Path=/`)
    }
  })

  test('a response may have several cookies', ['return several cookies'], async (t) => {
    const { cookies } = await list(data.newId(t))
    t.strictSame(cookies, ['last=notes; Path=/', 'visits=1; Path=/'])
  })

  test("an authorizer's claims decide", ['authorize callers'], async (t) => {
    const owner = data.newId(t)
    const detail = 'These notes belong to another owner.'

    for (const [subject, isAllowed] of [
      [owner, true],
      [`${owner} `, false],
    ] as const) {
      const responses = [
        await put(owner, 'a', { text: subject }, { subject }),
        await list(owner, '', { subject }),
        await api.send({ method: 'DELETE', path: pathOf(owner, 'a'), subject }),
      ]
      if (isAllowed)
        t.strictSame(
          responses.map(({ status }) => status),
          [204, 200, 204]
        )
      else for (const response of responses) expectProblem(t, response, 403, detail)
    }
  })

  const refused: [method: Request['method'], note: string | undefined, allow: string][] = [
    ['GET', 'b', 'DELETE, PUT'],
    ['POST', 'b', 'DELETE, PUT'],
    ['PATCH', 'b', 'DELETE, PUT'],
    ['HEAD', 'b', 'DELETE, PUT'],
    ['OPTIONS', 'b', 'DELETE, PUT'],
    ['PUT', undefined, 'GET'],
    ['DELETE', undefined, 'GET'],
    ['HEAD', undefined, 'GET'],
  ]
  for (const [method = 'GET', note, allow] of refused) {
    test(`${method} of ${note ? 'a note' : 'a list'} is not allowed`, [], async (t) => {
      const response = await api.send({ method, path: pathOf(data.newId(t), note) })

      t.equal(response.headers.allow, allow)
      if (method === 'HEAD') {
        t.equal(response.status, 405)
        t.equal(response.body, '')
        expectHarmless(response)
      } else expectProblem(t, response, 405, `Method not allowed. Use ${allow}.`)
    })
  }

  test('other paths are not found', [], async (t) => {
    const owner = data.newId(t)
    for (const path of ['/notes', `/notes/${owner}/`, `/notes/${owner}/a/b`, `/Notes/${owner}`]) {
      const response = await api.send({ path })
      if (path.endsWith('/')) t.equal(response.status, 405, path)
      else expectProblem(t, response, 404, 'Route not found.')
    }
  })

  const special: [what: string, text: string, needs?: Ability[]][] = [
    ['a slash', 'a/b', ['carry encoded slashes']],
    ['a percent sign', '100%', ['carry encoded reserved characters']],
    ['an escape', '%2F%41', ['carry encoded reserved characters']],
    ['a question mark', '?a=b', ['carry encoded reserved characters']],
    ['a number sign', 'NOTE#a', ['carry encoded reserved characters']],
    ['a plus', 'a+b'],
    ['spaces', ' a  b '],
    ['quotes', `"'\``],
    ['control characters', '\0\r\na'],
    ['a name of JavaScript', '__proto__'],
    ['letters beyond ASCII', 'é e\u0301 👋🏽'],
  ]
  for (const [what, note, needs = []] of special) {
    test(`owners and notes may have ${what}`, needs, async (t) => {
      const owner = data.newId(t, note)

      t.equal((await put(owner, note, { text: note })).status, 204)

      t.strictSame(await notesOf(owner), [{ note, text: note, color: 'yellow' }])
      t.strictSame(await notesOf(owner, `?after=${encodeURIComponent(note)}`), [])
      t.equal((await api.send({ method: 'DELETE', path: pathOf(owner, note) })).status, 204)
      t.strictSame(await notesOf(owner), [])
    })
  }

  const invalidJson = "Body is not valid JSON but content-type is set to 'application/json'"
  const emptyJson = "Body cannot be empty when content-type is set to 'application/json'"
  const type = (type: string) => ({ 'content-type': type })
  const wrong: [
    what: string,
    body: string | Buffer | undefined,
    status: number,
    detail: string,
    headers?: Record<string, string>,
  ][] = [
    ['half of its JSON', '{"text":', 400, invalidJson],
    ['JSON and more', '{"text":""}}', 400, invalidJson],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff]), 400, invalidJson],
    ['the key __proto__', '{"text":"","__proto__":{"a":1}}', 400, invalidJson],
    ['the key constructor', '{"text":"","constructor":{"prototype":1}}', 400, invalidJson],
    ['an empty body', '', 400, emptyJson],
    ['no body', undefined, 400, emptyJson],
    ['no body and no type', undefined, 400, 'body must be object', {}],
    ['a list', '[]', 400, 'body must be object'],
    ['a number', '7', 400, 'body must be object'],
    ['null', 'null', 400, 'body must be object'],
    ['a text', '"text"', 400, 'body must be object'],
    ['plain text', 'text', 400, 'body must be object', type('text/plain')],
    ['JSON without a type', '{"text":""}', 415, 'Unsupported Media Type', {}],
    ['CSV', 'text', 415, 'Unsupported Media Type', type('text/csv')],
    ['a malformed type', '{"text":""}', 415, 'Unsupported Media Type', type('json')],
    [
      'deeply nested lists',
      `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      400,
      'body/text must be string',
    ],
    ['lists without an end', '['.repeat(100_000), 400, invalidJson],
    ['compressed JSON', '{"text":""', 400, invalidJson, { ...json, 'content-encoding': 'gzip' }],
    ['a body over 1 MiB', ' '.repeat(1_048_577), 413, 'Request body is too large'],
  ]
  for (const [what, body, status, detail, headers = json] of wrong) {
    test(`a request with ${what} gets ${status}`, [], async (t) => {
      const owner = data.newId(t)

      const response = await put(owner, 'a', undefined, { body, headers })

      expectProblem(t, response, status, detail)
      expectHarmless(response)
      t.strictSame(await notesOf(owner), [])
    })
  }

  test('a type of JSON may have parameters', [], async (t) => {
    const owner = data.newId(t)
    for (const charset of ['utf-8', 'nonsense']) {
      const headers = type(`application/json; charset=${charset}`)
      t.equal((await put(owner, 'a', { text: 'Zoë' }, { headers })).status, 204)
      t.match(await notesOf(owner), [{ text: 'Zoë' }])
    }
  })

  test('any text is stored and listed as it is', [], async (t) => {
    const owner = data.newId(t)
    const property = fc.asyncProperty(hostileText, fc.boolean(), async (text, isText) => {
      const body = JSON.stringify({ text })

      const { status } = await put(owner, 'a', null, { body: isText ? body : Buffer.from(body) })

      assert.equal(status, 204)
      assert.equal((await notesOf(owner))[0].text, text)
    })
    await fc.assert(property, { numRuns: 30 })
  })

  test('no body makes the service fail', [], async (t) => {
    const owner = data.newId(t)
    const property = fc.asyncProperty(bodies, types, async (body, type) => {
      const headers: Request['headers'] = type === undefined ? {} : { 'content-type': type }
      expectDocumented(await put(owner, 'a', null, { body, headers }), [204, 400, 415])
    })
    await fc.assert(property, { numRuns: 60 })
  })

  test('no query makes the service fail', [], async (t) => {
    const owner = data.newId(t)
    const property = fc.asyncProperty(queries, async (query) => {
      expectDocumented(await list(owner, `?${query}`), [200, 400])
    })
    await fc.assert(property, { numRuns: 60 })
  })

  test('these tests leave nothing behind', [], async (t) => {
    t.ok(data.ids.length > 0)
    t.strictSame(await api.leftovers(data.ids), [])
  })
}

function pathOf(owner: string, note?: string): string {
  const path = `/notes/${encodeURIComponent(owner)}`
  return note === undefined ? path : `${path}/${encodeURIComponent(note)}`
}

function expectDocumented(response: Response, statuses: number[]): void {
  expectHarmless(response)
  const { status, headers, body } = response
  assert.ok(statuses.includes(status), `${status} ${body}`)
  if (status < 400) return
  assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
  assert.equal(JSON.parse(body).status, status)
}

const bodies = fc.oneof(
  hostileText,
  fc.json({ stringUnit: 'binary' }),
  fc.jsonValue().map((text) => JSON.stringify({ text })),
  fc
    .record({ text: hostileText, color: hostileText, due: hostileText })
    .map((body) => JSON.stringify(body)),
  fc.tuple(fc.json(), fc.nat(50)).map(([text, length]) => text.slice(0, length)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes))
)

const types = fc.oneof(
  { weight: 5, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    ...[
      undefined,
      '',
      ';',
      'text/plain',
      'text/csv',
      'json',
      'application/json;',
      'multipart/form-data',
    ],
    ...[
      'application/json; charset=utf-16',
      'application/problem+json',
      'application/x-www-form-urlencoded',
    ]
  )
)

// Characters that a query cannot contain are percent-encoded.
const queries = fc
  .array(
    fc.tuple(
      fc.constantFrom('limit', 'after', 'color', '__proto__', 'toString', ''),
      hostileText,
      fc.boolean()
    ),
    { maxLength: 4 }
  )
  .map((pairs) =>
    pairs
      .map(([name, value, isRaw]) =>
        isRaw
          ? `${name}=${value.replace(/[^\x21-\x7e]|#/gu, encodeURIComponent)}`
          : `${name}=${encodeURIComponent(value)}`
      )
      .join('&')
  )
