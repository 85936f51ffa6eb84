import { mock } from 'node:test'
import type { Test } from 'tap'
import { expectProblem } from '../support/expect-problem.ts'
import type { Ability, Response, StartedTarget, Target } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { testUnlessUnsupported } from '../support/test-unless-unsupported.ts'

const text = 'text/plain; charset=utf-8'
const json = 'application/json; charset=utf-8'

/** The promises of the API to clients, on any target. */
export function specifyHelloApi(t: Test, target: Target): void {
  let api: StartedTarget
  let data: TestData
  t.before(async () => {
    api = await target.start()
    t.teardown(api.stop)
    data = new TestData(api.items)
  })

  const test = testUnlessUnsupported(t, target)
  const greet = (id: string, headers: Record<string, string> = {}) =>
    api.send({ path: `/hello/${encodeURIComponent(id)}`, headers })

  test('an id with a name gets a greeting with the name', [], async (t) => {
    const id = await data.seed(t, 'Ada')

    const response = await greet(id)

    t.equal(response.status, 200)
    t.equal(response.headers['content-type'], text)
    t.equal(response.body, 'Hello Ada!')
  })

  test('an id without a name gets NOTFOUND', [], async (t) => {
    const id = data.newId(t)

    const response = await greet(id)

    t.equal(response.status, 404)
    t.equal(response.headers['content-type'], text)
    t.equal(response.body, `NOTFOUND: Name Not Found for ID ${id}`)
  })

  test('each message is recorded once, as it is in the response', [], async (t) => {
    const known = await data.seed(t, 'Ada')
    const unknown = data.newId(t)

    for (const id of [known, unknown]) {
      const first = await greet(id)
      const second = await greet(id)
      t.strictSame(await data.messages(id), [first.body, second.body])
    }
  })

  test('a message has the time of its greeting', ['share the clock'], async (t) => {
    const id = await data.seed(t, 'Ada')

    const before = Date.now()
    await greet(id)
    const after = Date.now()

    const [record] = await data.history(id)
    const at = new Date(record?.at ?? '').getTime()
    t.ok(before <= at && at <= after, `${record?.at} is between request and response`)
  })

  test('the history is sorted, oldest first', ['freeze the clock'], async (t) => {
    const id = data.newId(t)
    const now = Date.now()
    mock.timers.enable({ apis: ['Date'] })
    t.teardown(() => mock.timers.reset())

    for (const [index, name] of ['Ada', 'Grace', 'Katherine'].entries()) {
      mock.timers.setTime(now + index)
      await api.items.putName(id, name)
      await greet(id)
    }

    t.strictSame(await data.messages(id), ['Hello Ada!', 'Hello Grace!', 'Hello Katherine!'])
  })

  test('a name is used unchanged', [], async (t) => {
    for (const name of [
      '<script>alert(1)</script>',
      'Zoë 👋🏽',
      ' two  spaces ',
      '$& %s {name}',
      '',
    ]) {
      const id = await data.seed(t, name)
      t.equal((await greet(id)).body, `Hello ${name}!`)
    }
  })

  const specialIds: [what: string, suffix: string, needs?: Ability[]][] = [
    ['a slash', '/b', ['carry encoded slashes']],
    ['a percent sign', '100%', ['carry encoded reserved characters']],
    ['a text that resembles an escape', '%2F%41', ['carry encoded reserved characters']],
    ['a plus', 'a+b'],
    ['spaces', ' a  b '],
    ['a question mark', '?a=b', ['carry encoded reserved characters']],
    ['a number sign', '#a', ['carry encoded reserved characters']],
    ['quotes', `"'\``],
    ['a NUL', '\0a'],
    ['a line break', '\r\na'],
    ['a backslash', '\\a'],
    ['dots', '..'],
    ['other reserved characters', '!$&()*,;:=@[]{}|^~'],
    ['HTML', '<b>'],
    ['an emoji', '👋🏽'],
    ['a combining mark', 'e\u0301'],
    ['a composed letter', 'é'],
  ]
  for (const [what, suffix, needs = []] of specialIds) {
    test(`an id may contain ${what}`, needs, async (t) => {
      const known = await data.seed(t, 'Ada', suffix)
      const unknown = data.newId(t, suffix)

      t.equal((await greet(known)).body, 'Hello Ada!')
      t.equal((await greet(unknown)).body, `NOTFOUND: Name Not Found for ID ${unknown}`)

      t.strictSame(await data.messages(known), ['Hello Ada!'])
      t.strictSame(await data.messages(unknown), [`NOTFOUND: Name Not Found for ID ${unknown}`])
    })
  }

  test('ids that resemble each other are different', [], async (t) => {
    const id = await data.seed(t, 'Ada', 'é')
    const alike = [id.normalize('NFD'), id.toLowerCase(), `${id} `, ` ${id}`]

    for (const other of alike) {
      data.forgetAfter(t, other)
      t.equal((await greet(other)).status, 404, other)
    }
    t.strictSame(await data.messages(id), [])
  })

  test('an id may have up to 2,048 bytes', [], async (t) => {
    for (const id of [longId(t, 'a', 2048), longId(t, '👋', 2048)]) {
      data.forgetAfter(t, id)
      t.equal((await greet(id)).body, `NOTFOUND: Name Not Found for ID ${id}`)
      t.equal((await data.history(id)).length, 1)
    }
  })

  test('an id of 2,049 bytes gets 400', [], async (t) => {
    // Not removed after the test: an id that is too long for a key cannot have items.
    for (const id of [longId(t, 'a', 2049), longId(t, '👋', 2049)]) {
      expectProblem(t, await greet(id), 400, 'The id must be 1 to 2,048 bytes of UTF-8.')
    }
  })

  test('an empty id gets 400', ['pass on unknown routes'], async (t) => {
    const response = await api.send({ path: '/hello/' })
    expectProblem(t, response, 400, 'The id must be 1 to 2,048 bytes of UTF-8.')
  })

  for (const malformed of ['%', '%2', '%zz', '%ff', '%c3%28', '%ed%a0%80']) {
    test(
      `the malformed escape ${malformed} gets 400`,
      ['carry malformed escapes', 'pass on unknown routes'],
      async (t) => {
        const response = await api.send({ path: `/hello/${data.newId(t)}${malformed}` })
        expectProblem(t, response, 400, 'The path is not percent-encoded UTF-8.')
      }
    )
  }

  for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    test(`${method} gets 405, and nothing is recorded`, ['pass on unknown routes'], async (t) => {
      const id = await data.seed(t, 'Ada')

      const response = await api.send({ method, path: `/hello/${id}` })

      t.equal(response.status, 405)
      t.equal(response.headers.allow, 'GET')
      if (method === 'HEAD') t.equal(response.body, '')
      else expectProblem(t, response, 405, 'Method not allowed. Use GET.')
      t.strictSame(await data.messages(id), [])
    })
  }

  test('another method gets 405 with any body', ['pass on unknown routes'], async (t) => {
    for (const type of ['application/json', 'text/csv', 'nonsense']) {
      const response = await api.send({
        method: 'POST',
        path: `/hello/${data.newId(t)}`,
        headers: { 'content-type': type },
        body: '{',
      })
      expectProblem(t, response, 405, 'Method not allowed. Use GET.')
    }
  })

  test('other paths get 404', ['pass on unknown routes'], async (t) => {
    const id = await data.seed(t, 'Ada')

    for (const path of [
      '/',
      '/hello',
      `/hello/${id}/`,
      `/hello/${id}/b`,
      `//hello/${id}`,
      `/Hello/${id}`,
    ]) {
      expectProblem(t, await api.send({ path }), 404, 'Route not found.')
    }
    t.strictSame(await data.messages(id), [])
  })

  test(
    'dot segments in a path are not resolved',
    ['carry dot segments', 'pass on unknown routes'],
    async (t) => {
      const id = await data.seed(t, 'Ada')

      for (const path of [`/hello/b/../${id}`, `/./hello/${id}`, `/hello/%2e%2e/hello/${id}`]) {
        expectProblem(t, await api.send({ path }), 404, 'Route not found.')
      }
      t.strictSame(await data.messages(id), [])
    }
  )

  const preferences: [accept: string, type: string][] = [
    ['*/*', text],
    ['text/plain', text],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', text],
    ['application/json;q=0.5, text/plain', text],
    ['image/png', text],
    ['nonsense', text],
    ['application/json', json],
    ['application/*', json],
    ['application/json, text/plain, */*', json],
    ['text/html, application/json;q=0.9, */*;q=0.1', json],
    ['application/json; charset=utf-8', json],
    ['Application/JSON;Charset="UTF-8"', json],
    ['application/json;charset=utf-8;q=0.5, text/plain;q=0.4', json],
    ['text/plain; charset=utf-8, application/json;q=0.1', text],
    ['text/plain;charset=utf-8;q=0.1, application/json;q=0.2', json],
    ['application/json; charset=iso-8859-1', text],
    ['application/json; charset=utf-8; version=1', text],
  ]
  for (const [accept, type] of preferences) {
    test(`Accept: ${accept} gets ${type}`, [], async (t) => {
      const known = await data.seed(t, 'Ada')
      const unknown = data.newId(t)

      for (const [id, message] of [
        [known, 'Hello Ada!'],
        [unknown, `NOTFOUND: Name Not Found for ID ${unknown}`],
      ] as const) {
        const response = await greet(id, { Accept: accept })
        t.equal(response.headers['content-type'], type)
        t.equal(response.body, type === json ? JSON.stringify({ message }) : message)
        t.strictSame(await data.messages(id), [message])
      }
    })
  }

  test('each message has the common headers, and a unique request id', [], async (t) => {
    const known = await data.seed(t, 'Ada')
    expectCommonHeaders(t, [await greet(known), await greet(data.newId(t))])
  })

  test(
    'each problem has the common headers, and a unique request id',
    ['pass on unknown routes'],
    async (t) => {
      const responses = [await api.send({ method: 'POST', path: `/hello/${data.newId(t)}` })]
      for (const path of ['/hello/', '/']) responses.push(await api.send({ path }))
      expectCommonHeaders(t, responses)
    }
  )

  test('a client cannot choose the request id', [], async (t) => {
    const response = await greet(data.newId(t), {
      'X-Request-Id': 'chosen',
      'Request-Id': 'chosen',
    })
    t.not(response.headers['x-request-id'], 'chosen')
  })

  test('the tests leave no items behind', [], async (t) => {
    t.ok(data.ids.length > 0)
    t.strictSame(await api.leftovers(data.ids), [])
  })

  function longId(t: Test, filler: string, bytes: number): string {
    const id = data.newId(t)
    const room = bytes - Buffer.byteLength(id)
    const fillers = filler.repeat(room / Buffer.byteLength(filler))
    return id + 'x'.repeat(room - Buffer.byteLength(fillers)) + fillers
  }
}

function expectCommonHeaders(t: Test, responses: Response[]): void {
  for (const { headers, status } of responses) {
    t.equal(headers['cache-control'], 'no-store', `${status}`)
    t.equal(headers['x-content-type-options'], 'nosniff', `${status}`)
    t.match(headers['x-request-id'], /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/, `${status}`)
  }
  t.equal(new Set(responses.map(({ headers }) => headers['x-request-id'])).size, responses.length)
}
