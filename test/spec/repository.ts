import { mock } from 'node:test'
import type { Test } from 'tap'
import type { Repository } from '../../src/hello/repository.ts'
import { TestData } from '../support/test-data.ts'
import { testUnlessUnsupported } from '../support/test-unless-unsupported.ts'

/** A DynamoDB to test the repository on. */
export interface Database {
  name: string
  /** The abilities that it does not support, each with the reason. */
  unsupported: { 'measure keys in bytes'?: string }
  start(): Promise<Tables>
}

/** A table, and one that does not exist. */
interface Tables {
  repository: Repository
  missing: Repository
  leftovers(ids: string[]): Promise<unknown[]>
  stop(): Promise<void>
}

/** The promises of the repository to the service, the tools and the tests, on any DynamoDB. */
export function specifyRepository(t: Test, database: Database): void {
  let tables: Tables
  let repository: Repository
  let data: TestData
  t.before(async () => {
    tables = await database.start()
    t.teardown(tables.stop)
    repository = tables.repository
    data = new TestData(repository)
  })

  const test = testUnlessUnsupported(t, database)

  test('an id has no name before one is stored', [], async (t) => {
    t.equal(await repository.getName(data.newId(t)), undefined)
  })

  test('a stored name is returned, and replaced by the next one', [], async (t) => {
    const id = data.newId(t)
    for (const name of ['Ada', 'Zoë 👋🏽', '']) {
      await repository.putName(id, name)
      t.equal(await repository.getName(id), name)
    }
  })

  test('messages are not names, and a name is not a message', [], async (t) => {
    const id = data.newId(t)
    await repository.putMessage(id, 'Hello!')
    t.equal(await repository.getName(id), undefined)
    await repository.putName(id, 'Ada')
    t.strictSame(await data.messages(id), ['Hello!'])
  })

  test('the history is sorted, also if it is larger than a page of DynamoDB', [], async (t) => {
    const id = data.newId(t)
    const now = Date.now()
    mock.timers.enable({ apis: ['Date'] })
    t.teardown(() => mock.timers.reset())
    // A page has up to 1 MB.
    const messages = [1, 2, 3, 4, 5].map((index) => ({
      at: new Date(now + index).toISOString(),
      message: `message ${index}`.padEnd(300_000),
    }))
    for (const { at, message } of messages) {
      mock.timers.setTime(Date.parse(at))
      await repository.putMessage(id, message)
    }

    t.strictSame(await Array.fromAsync(repository.history(id)), messages)
  })

  test('an id without messages has an empty history', [], async (t) => {
    t.strictSame(await data.messages(await data.seed(t, 'Ada')), [])
  })

  test('forget deletes the name and the messages of an id, and no other items', [], async (t) => {
    const id = await data.seed(t, 'Ada')
    const other = await data.seed(t, 'Grace', id)
    for (const each of [id, other]) await repository.putMessage(each, 'Hello!')

    await repository.forget(id)

    t.equal(await repository.getName(id), undefined)
    t.strictSame(await data.messages(id), [])
    t.equal(await repository.getName(other), 'Grace')
    t.strictSame(await data.messages(other), ['Hello!'])
  })

  const calls: [
    name: string,
    call: (repository: Repository, signal?: AbortSignal) => Promise<unknown>,
  ][] = [
    ['getName', (repository, signal) => repository.getName('id', signal)],
    ['putMessage', (repository, signal) => repository.putMessage('id', 'message', signal)],
    ['putName', (repository) => repository.putName('id', 'name')],
    ['history', (repository) => Array.fromAsync(repository.history('id'))],
    ['forget', (repository) => repository.forget('id')],
  ]
  for (const [name, call] of calls) {
    test(`${name} fails when the table does not exist`, [], async (t) => {
      await t.rejects(call(tables.missing), { name: 'ResourceNotFoundException' })
    })
  }
  for (const [name, call] of calls.slice(0, 2)) {
    test(`${name} fails when it is aborted`, [], async (t) => {
      await t.rejects(call(repository, AbortSignal.abort()), { name: 'AbortError' })
    })
  }

  test('an id is at most 2,048 bytes', ['measure keys in bytes'], async (t) => {
    const id = '👋'.repeat(513)
    await t.rejects(repository.putMessage(id, 'message'), { name: 'ValidationException' })
  })

  test('the tests leave no items behind', [], async (t) => {
    t.ok(data.ids.length > 0)
    t.strictSame(await tables.leftovers(data.ids), [])
  })
}
