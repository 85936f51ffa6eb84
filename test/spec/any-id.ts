import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { hostileText } from '../support/hostile-text.ts'
import type { StartedTarget, Target } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { testUnlessUnsupported } from '../support/test-unless-unsupported.ts'

/**
 * What holds for every id, wherever the API runs. Nobody else may use the table meanwhile. A property
 * that fails tells its seed and the id; each run tries other ids.
 */
export function specifyHostileIds(t: Test, target: Target): void {
  let api: StartedTarget
  let data: TestData
  t.before(async () => {
    api = await target.start()
    t.teardown(api.stop)
    data = new TestData(api.items)
  })

  const test = testUnlessUnsupported(t, target)
  const ids = hostileText.map((text) => text.replace(lostCharacters(target), ''))

  const greet = (id: string, headers: Record<string, string> = {}) =>
    api.send({ path: `/hello/${encodeURIComponent(id)}`, headers })

  async function items(): Promise<Set<string>> {
    return new Set((await api.leftovers(data.ids)).map((item) => JSON.stringify(item)))
  }

  /** Greets an id; tells how many items of the whole table came, and how many went. */
  async function watch(id: string) {
    const before = await items()
    const { status, headers, body } = await greet(id)
    const after = await items()
    return {
      response: { status, type: headers['content-type'], body },
      came: [...after].filter((item) => !before.has(item)).length,
      went: [...before].filter((item) => !after.has(item)).length,
    }
  }

  async function expectMessage(id: string, status: number, message: string): Promise<void> {
    assert.deepEqual(await watch(id), {
      response: { status, type: 'text/plain; charset=utf-8', body: message },
      came: 1,
      went: 0,
    })
    assert.deepEqual(await data.messages(id), [message])
  }

  test('an id reads and writes its own items alone, and comes back as it was', [], async (t) => {
    const property = fc.asyncProperty(ids, hostileText, async (suffix, name) => {
      const known = await data.seed(t, name, suffix)
      const unknown = data.newId(t, suffix)

      await expectMessage(known, 200, `Hello ${name}!`)
      await expectMessage(unknown, 404, `NOTFOUND: Name Not Found for ID ${unknown}`)
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('in JSON, too, an id and a name come back as they were', [], async (t) => {
    const property = fc.asyncProperty(ids, hostileText, async (suffix, name) => {
      const known = await data.seed(t, name, suffix)
      const unknown = data.newId(t, suffix)
      const headers = { accept: 'application/json' }

      for (const [id, message] of [
        [known, `Hello ${name}!`],
        [unknown, `NOTFOUND: Name Not Found for ID ${unknown}`],
      ] as const) {
        assert.deepEqual(JSON.parse((await greet(id, headers)).body), { message })
        assert.deepEqual(await data.messages(id), [message])
      }
    })
    await fc.assert(property, { numRuns: 20 })
  })

  test('an id of up to 2,048 bytes is greeted, and a longer one writes nothing', [], async (t) => {
    const bytes = fc.integer({ min: 2046, max: 2050 })
    const fillers = fc.constantFrom('a', 'é', '\u2028', '👋')
    const property = fc.asyncProperty(bytes, fillers, async (bytes, filler) => {
      const start = data.newId(t)
      const id = fill(start, filler, bytes)
      if (bytes > 2048) {
        const { response, came, went } = await watch(id)
        assert.equal(response.status, 400)
        assert.deepEqual({ came, went }, { came: 0, went: 0 })
      } else {
        data.forgetAfter(t, id)
        await expectMessage(id, 404, `NOTFOUND: Name Not Found for ID ${id}`)
      }
    })
    await fc.assert(property, { numRuns: 20 })
  })

  test('nothing of these tests is left behind', [], async (t) => {
    t.ok(data.ids.length > 0)
    t.strictSame(await api.leftovers(data.ids), [])
  })
}

/** What of an id does not arrive as it was sent. */
function lostCharacters({ unsupported }: Target): RegExp {
  const slashes = unsupported['carry encoded slashes'] ? '/' : ''
  const reserved = unsupported['carry encoded reserved characters'] ? '%?#' : ''
  return slashes + reserved ? new RegExp(`[${slashes}${reserved}]`, 'g') : /$^/
}

/** Fills a text up to a number of bytes. */
function fill(text: string, filler: string, bytes: number): string {
  const room = bytes - Buffer.byteLength(text)
  const fillers = filler.repeat(room / Buffer.byteLength(filler))
  return text + 'x'.repeat(room - Buffer.byteLength(fillers)) + fillers
}
