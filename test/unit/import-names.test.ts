import { Readable } from 'node:stream'
import t from 'tap'
import { importNames } from '../../src/cli/import-names.ts'
import type { Name } from '../../src/hello/repository.ts'

const listener = { rejected() {}, progress() {} }

/** A file with so many names, made as it is read. */
function csvFile(count: number): Readable {
  return Readable.from(
    (function* () {
      yield 'id,name\n'
      for (let id = 1; id <= count; id++) yield `${id},Name ${id}\n`
    })()
  )
}

t.test('names that DynamoDB does not take are sent again, until it takes them', async (t) => {
  const taken: Name[] = []
  const sizes: number[] = []
  async function putNames(names: Name[]): Promise<Name[]> {
    sizes.push(names.length)
    taken.push(...names.slice(0, 10))
    return names.slice(10)
  }

  const written = await importNames({ putNames }, csvFile(25), listener)

  t.equal(written, 25)
  t.strictSame(sizes, [25, 15, 5])
  t.strictSame(taken.length, new Set(taken.map(({ id }) => id)).size)
})

t.test('a failure of DynamoDB ends the import', async (t) => {
  const failure = new Error('a failure')
  let calls = 0
  async function putNames(): Promise<Name[]> {
    calls++
    throw failure
  }

  t.equal(await importNames({ putNames }, csvFile(1), listener).catch((error) => error), failure)
  t.equal(calls, 1)
})

t.test('a long file is not read further ahead than a short one', async (t) => {
  let read = 0
  let written = 0
  const file = csvFile(30_000).map((line) => {
    read++
    return line
  })
  let furthestAhead = 0
  async function putNames(names: Name[]): Promise<Name[]> {
    written += names.length
    furthestAhead = Math.max(furthestAhead, read - written)
    return []
  }

  t.equal(await importNames({ putNames }, file, listener), 30_000)
  t.ok(furthestAhead < 10_000, `${furthestAhead} rows`)
})
