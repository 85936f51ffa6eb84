import type { Instance } from '../support/environment.ts'
import { greeting, messageFor, type Person, statusFor } from '../support/greeting.ts'

interface Page {
  /** The message of each greeting of the id. */
  message: string
  succeeded: number
  /** Requests without a message in the response, which may be recorded once each. */
  uncertain: number
}

/** The results of one part of a run. */
export class Ledger {
  sent = 0
  succeeded = 0
  /** Failed with 503 or 500, because DynamoDB failed or refused a request. */
  unavailable = 0
  /** Shed with 503. */
  shed = 0
  withoutResponse = 0
  recorded = 0
  lost = 0
  duplicated = 0
  /** Milliseconds from request to response, without those that were shed. */
  slowest = 0
  slowestShed = 0
  /** In bytes. */
  peakMemory = 0
  /** Descriptions of the broken promises. */
  readonly broken: string[] = []
  readonly #pages = new Map<string, Page>()

  /** Sends a greeting, and notes its result. Returns whether the response has a message. */
  async greet(instance: Pick<Instance, 'send'>, person: Person): Promise<boolean> {
    const { id } = person
    const message = messageFor(person)
    const page = this.#pages.get(id) ?? { message, succeeded: 0, uncertain: 0 }
    this.#pages.set(id, page)
    this.sent++

    const start = performance.now()
    const response = await instance.send(greeting(id)).catch((error) => {
      this.broken.push(`a greeting got no response: ${error}`)
    })
    const time = performance.now() - start
    if (!response) {
      this.withoutResponse++
      page.uncertain++
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
      page.uncertain++
      this.expect(!body.includes('arn:'), `a problem shows internals: ${body}`)
      return false
    }
    this.succeeded++
    page.succeeded++
    this.expect(
      status === statusFor(person) && body === message,
      `the id ${id} got ${status} ${body}`
    )
    return true
  }

  /** Notes a broken promise unless it is kept. */
  expect(isKept: boolean, promise: string): void {
    if (!isKept) this.broken.push(promise)
  }

  async noteMemory({ peakMemory }: Pick<Instance, 'peakMemory'>): Promise<void> {
    this.peakMemory = Math.max(this.peakMemory, (await peakMemory()) ?? 0)
  }

  /**
   * Compares the responses with the messages in the table.
   *
   * @param messages by id
   */
  balance(messages: Map<string, string[]>): void {
    for (const [id, { message, succeeded, uncertain }] of this.#pages) {
      const recorded = messages.get(id) ?? []
      this.recorded += recorded.length
      this.lost += Math.max(0, succeeded - recorded.length)
      this.duplicated += Math.max(0, recorded.length - succeeded - uncertain)
      const other = recorded.find((each) => each !== message)
      this.expect(other === undefined, `the id ${id} has the message ${other}`)
    }
    // Twice the promised time: the clients and the database run on the same machine.
    this.expect(this.slowest < 6000, `a greeting took ${this.slowest} ms`)
    this.expect(this.lost === 0, `${this.lost} messages of responses are not in the table`)
    this.expect(
      this.duplicated === 0,
      `${this.duplicated} messages in the table belong to no greeting`
    )
  }
}
