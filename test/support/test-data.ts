import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Message } from '../../src/hello/repository.ts'
import type { StartedTarget } from './target.ts'

/**
 * Test data, by three rules: a test seeds what it needs; its ids are unique; the tear-down removes what
 * the test created and what the service recorded for it, also when the test fails.
 */
export class TestData {
  readonly ids: string[] = []
  readonly #items: StartedTarget['items']

  constructor(items: StartedTarget['items']) {
    this.#items = items
  }

  /** Returns a unique id, whose items are removed after the test. */
  newId(t: Test, suffix = ''): string {
    const number = String(this.ids.length + 1).padStart(3, '0')
    const id = `TEST${number}_${randomUUID()}${suffix}`
    this.forgetAfter(t, id)
    return id
  }

  /** Removes the items of an id after the test. */
  forgetAfter(t: Test, id: string): void {
    this.ids.push(id)
    t.teardown(() => this.#items.forget(id))
  }

  /** Stores a name for a new id. */
  async seed(t: Test, name: string, suffix = ''): Promise<string> {
    const id = this.newId(t, suffix)
    await this.#items.putName(id, name)
    return id
  }

  /** Returns the messages of an id, oldest first. */
  async history(id: string): Promise<Message[]> {
    return await Array.fromAsync(this.#items.history(id))
  }

  /** Returns the texts of the messages of an id, oldest first. */
  async messages(id: string): Promise<string[]> {
    return (await this.history(id)).map(({ message }) => message)
  }
}
