import { setTimeout as wait } from 'node:timers/promises'
import { type Part, work } from './part.ts'
import { holdOn, idle, patience } from './slow-clients.ts'

export interface Overload {
  /** Greetings per second. */
  capacity: number
  asked: number
  answered: number
  /** Milliseconds until a greeting was answered when the load had ended. */
  recovery: number
  /** Seconds that a client which only holds on was let at most. */
  held: number
}

// More than a server carries, and more than it may refuse in the time of a greeting.
const callers = 600

/**
 * Measures what one server carries, and then asks four times as much of it, while other clients only
 * hold on to it. Idle ones, more than it lets connect, have come before.
 */
export async function stressByOverload(part: Part): Promise<Overload> {
  const { ledger, seconds } = part
  const server = await part.serve()
  const people = await part.meet(1000)
  function greet(): Promise<boolean> | undefined {
    const person = people[ledger.sent % people.length]
    return person && ledger.greet(server, person)
  }

  const idlers = await idle(server.origin, 2500)
  ledger.expect((await greet()) ?? false, 'idle clients keep others from a greeting')
  idlers.stop()

  const capacity = await measure(
    seconds / 4,
    () => ledger.answered,
    async (isTimeUp) => {
      await work(Array.from({ length: 64 }), () => (isTimeUp() ? undefined : greet()))
    }
  )

  // As a load balancer does, callers have their connections before they need them.
  const connect = Array.from({ length: callers }, () => server.send({ path: '/health' }))
  await Promise.all(connect)

  const holders = holdOn(server.origin, 50)
  const sentBefore = ledger.sent
  const start = performance.now()
  const pending = new Set<Promise<unknown>>()
  const answered = await measure(
    seconds / 2,
    () => ledger.answered,
    async (isTimeUp) => {
      while (!isTimeUp()) {
        const due = (4 * capacity * (performance.now() - start)) / 1000
        // As many as all its callers together may have under way.
        while (ledger.sent - sentBefore < due && pending.size < callers) {
          const greeting = greet()
          if (!greeting) break
          pending.add(greeting)
          greeting.finally(() => pending.delete(greeting))
        }
        await wait(5)
      }
    }
  )
  const asked = (ledger.sent - sentBefore) / (seconds / 2)

  const end = performance.now()
  while (!(await greet())) await wait(10)
  const recovery = performance.now() - end
  await Promise.all(pending)
  const held = (await holders.stop()) / 1000

  await ledger.noteMemory(server)
  ledger.expect(ledger.peakMemory < 600e6, `it took ${ledger.peakMemory} bytes of memory`)
  ledger.expect(ledger.shed > 0, 'nothing was shed, so there was no overload')
  ledger.expect(answered > capacity / 4, `under overload, ${answered} of ${capacity} per second`)
  ledger.expect(ledger.slowestShed < 3000, `it took ${ledger.slowestShed} ms to shed`)
  ledger.expect(recovery < 1000, `it took ${recovery} ms to recover`)
  ledger.expect(held < patience / 1000, `a client that only holds on was let for ${held} s`)
  return { capacity, asked, answered, recovery, held }
}

/** How much a count grows per second while something is done. */
async function measure(
  seconds: number,
  count: () => number,
  during: (isTimeUp: () => boolean) => Promise<void>
): Promise<number> {
  const before = count()
  const start = performance.now()
  await during(() => performance.now() - start > seconds * 1000)
  return ((count() - before) / (performance.now() - start)) * 1000
}
