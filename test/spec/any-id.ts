import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { greeting, messageFor, type Person, seedPerson, statusFor } from '../support/greeting.ts'
import { hostileText } from '../support/hostile-text.ts'
import type { StartedTarget, Target } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { testUnlessUnsupported } from '../support/test-unless-unsupported.ts'

/**
 * The promises for any id, on any target that has a table of its own. Each run tries other ids; a
 * property that fails prints its seed and the id.
 */
export function specifyAnyId(t: Test, target: Target): void {
  let api: StartedTarget
  let data: TestData
  t.before(async () => {
    api = await target.start()
    t.teardown(api.stop)
    data = new TestData(api.items)
  })

  const test = testUnlessUnsupported(t, target)
  const ids = hostileText.map((text) => text.replace(lostCharacters(target), ''))

  async function items(): Promise<Set<string>> {
    return new Set((await api.leftovers(data.ids)).map((item) => JSON.stringify(item)))
  }

  /** Sends a greeting, and counts the items that it adds to the table and removes from it. */
  async function greet(id: string) {
    const before = await items()
    const { status, headers, body } = await api.send(greeting(id))
    const after = await items()
    return {
      response: { status, type: headers['content-type'], body },
      added: [...after].filter((item) => !before.has(item)).length,
      removed: [...before].filter((item) => !after.has(item)).length,
    }
  }

  async function expectMessage(person: Person): Promise<void> {
    const body = messageFor(person)
    assert.deepEqual(await greet(person.id), {
      response: { status: statusFor(person), type: 'text/plain; charset=utf-8', body },
      added: 1,
      removed: 0,
    })
    assert.deepEqual(await data.messages(person.id), [body])
  }

  test('a greeting reads and writes only items of its id', [], async (t) => {
    const property = fc.asyncProperty(ids, hostileText, async (suffix, name) => {
      await expectMessage(await seedPerson(t, data, { name, suffix }))
      await expectMessage({ id: data.newId(t, suffix) })
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('a response in JSON has the id and the name unchanged', [], async (t) => {
    const property = fc.asyncProperty(ids, hostileText, async (suffix, name) => {
      const people: Person[] = [
        await seedPerson(t, data, { name, suffix }),
        { id: data.newId(t, suffix) },
      ]

      for (const person of people) {
        const message = messageFor(person)
        const { body } = await api.send(greeting(person.id, { accept: 'application/json' }))
        assert.deepEqual(JSON.parse(body), { message })
        assert.deepEqual(await data.messages(person.id), [message])
      }
    })
    await fc.assert(property, { numRuns: 20 })
  })

  test(
    'an id of up to 2,048 bytes gets a greeting, and a longer one writes nothing',
    [],
    async (t) => {
      const bytes = fc.integer({ min: 2046, max: 2050 })
      const fillers = fc.constantFrom('a', 'é', '\u2028', '👋')
      const property = fc.asyncProperty(bytes, fillers, async (bytes, filler) => {
        const start = data.newId(t)
        const id = fill(start, filler, bytes)
        if (bytes > 2048) {
          const { response, added, removed } = await greet(id)
          assert.equal(response.status, 400)
          assert.deepEqual({ added, removed }, { added: 0, removed: 0 })
        } else {
          data.forgetAfter(t, id)
          await expectMessage({ id })
        }
      })
      await fc.assert(property, { numRuns: 20 })
    }
  )

  test('the tests leave no items behind', [], async (t) => {
    t.ok(data.ids.length > 0)
    t.strictSame(await api.leftovers(data.ids), [])
  })
}

/** The characters of an id that the target changes on the way. */
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
