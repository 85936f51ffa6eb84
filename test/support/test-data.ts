import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Message } from '../../src/hello/repository.ts'
import type { StartedTarget } from './target.ts'

/**
 * The three rules of test data: it is seeded by the test; its ids are the test's own; and what the
 * test and the service made of them is removed after the test, also if it fails.
 */
export class TestData {
  readonly ids: string[] = []
  readonly #items: StartedTarget['items']

  constructor(items: StartedTarget['items']) {
    this.#items = items
  }

  /** An id that no other test has, and that is forgotten after the test. */
  newId(t: Test, suffix = ''): string {
    const number = String(this.ids.length + 1).padStart(3, '0')
    const id = `TEST${number}_${randomUUID()}${suffix}`
    this.forgetAfter(t, id)
    return id
  }

  /** Forgets an id after the test, whoever made it. */
  forgetAfter(t: Test, id: string): void {
    this.ids.push(id)
    t.teardown(() => this.#items.forget(id))
  }

  /** A new id with a name. */
  async seed(t: Test, name: string, suffix = ''): Promise<string> {
    const id = this.newId(t, suffix)
    await this.#items.putName(id, name)
    return id
  }

  /** The whole history of an id. */
  async history(id: string): Promise<Message[]> {
    return (await Array.fromAsync(this.#items.history(id))).flat()
  }

  /** The texts of the history of an id. */
  async messages(id: string): Promise<string[]> {
    return (await this.history(id)).map(({ message }) => message)
  }
}
