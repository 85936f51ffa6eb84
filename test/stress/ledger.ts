import type { Name } from '../../src/hello/repository.ts'
import type { Instance } from '../support/environment.ts'

/** Whom to greet; there may be no name stored. */
export type Person = Pick<Name, 'id'> & Partial<Name>

interface Page {
  /** What each greeting of the id must say. */
  message: string
  answered: number
  /** Greetings that may be recorded, once each, though nobody was told. */
  open: number
}

/** What one part of a run has come to. */
export class Ledger {
  sent = 0
  answered = 0
  /** Failed with 503 or 500, because DynamoDB failed or refused a request. */
  unavailable = 0
  /** Shed with 503. */
  shed = 0
  unanswered = 0
  recorded = 0
  lost = 0
  doubled = 0
  /** Milliseconds from request to response, of those that tried. */
  slowest = 0
  slowestShed = 0
  /** In bytes. */
  peakMemory = 0
  /** What was not as promised, in words. */
  readonly broken: string[] = []
  readonly #pages = new Map<string, Page>()

  /** Greets, and notes what came of it. Returns whether it was answered with a message. */
  async greet(instance: Pick<Instance, 'send'>, { id, name }: Person): Promise<boolean> {
    const message = name === undefined ? `NOTFOUND: Name Not Found for ID ${id}` : `Hello ${name}!`
    const page = this.#pages.get(id) ?? { message, answered: 0, open: 0 }
    this.#pages.set(id, page)
    this.sent++

    const start = performance.now()
    const response = await instance.send({ path: `/hello/${id}` }).catch((error) => {
      this.broken.push(`a greeting got no response: ${error}`)
    })
    const time = performance.now() - start
    if (!response) {
      this.unanswered++
      page.open++
      return false
    }

    const { status, body } = response
    if (status === 503 && body.includes('overloaded')) {
      this.shed++
      this.slowestShed = Math.max(this.slowestShed, time)
      return false
    }
    this.slowest = Math.max(this.slowest, time)
    if (status === 503 || status === 500) {
      this.unavailable++
      page.open++
      this.expect(!body.includes('arn:'), `a problem shows internals: ${body}`)
      return false
    }
    this.answered++
    page.answered++
    this.expect(
      status === (name === undefined ? 404 : 200) && body === message,
      `the id ${id} got ${status} ${body}`
    )
    return true
  }

  /** Notes what is broken, if it is. */
  expect(isKept: boolean, promise: string): void {
    if (!isKept) this.broken.push(promise)
  }

  async noteMemory({ peakMemory }: Pick<Instance, 'peakMemory'>): Promise<void> {
    this.peakMemory = Math.max(this.peakMemory, (await peakMemory()) ?? 0)
  }

  /**
   * Compares what callers were told with what the table holds.
   *
   * @param messages those of each id
   */
  balance(messages: Map<string, string[]>): void {
    for (const [id, { message, answered, open }] of this.#pages) {
      const recorded = messages.get(id) ?? []
      this.recorded += recorded.length
      this.lost += Math.max(0, answered - recorded.length)
      this.doubled += Math.max(0, recorded.length - answered - open)
      const other = recorded.find((each) => each !== message)
      this.expect(other === undefined, `the id ${id} has the message ${other}`)
    }
    // Twice what is promised: the machine has the callers and the database to run, too.
    this.expect(this.slowest < 6000, `a greeting took ${this.slowest} ms`)
    this.expect(this.lost === 0, `${this.lost} answered messages are not in the table`)
    this.expect(this.doubled === 0, `${this.doubled} messages are in the table without a greeting`)
  }
}
