import { setTimeout as wait } from 'node:timers/promises'
import { type Part, work } from './part.ts'
import { idleClients, maxDuration, slowClients } from './slow-clients.ts'

export interface Overload {
  /** Successful greetings per second. */
  capacity: number
  /** Of the overload, per second. */
  sent: number
  succeeded: number
  /** Milliseconds from the end of the load to the first greeting that succeeded. */
  recovery: number
  /** The most seconds that a slow client was connected. */
  longest: number
}

// More than a server handles, and more than it sheds in the time of a greeting.
const maxInFlight = 600

// Greetings per second. With a quarter of them, and the clients on the same machine, the 100 requests
// that a server has in flight come close to their deadline of 2.5 seconds.
const leastCapacity = 320

/**
 * Measures the capacity of one server, and then sends four times as many requests, while slow clients are
 * connected. Before, more clients than it accepts have connected and are idle.
 */
export async function stressByOverload(part: Part): Promise<Overload> {
  const { ledger, seconds } = part
  const server = await part.serve()
  const people = await part.createPeople(1000)
  function greet(): Promise<boolean> | undefined {
    const person = people[ledger.sent % people.length]
    return person && ledger.greet(server, person)
  }

  const idle = await idleClients(server.origin, 2500)
  ledger.expect((await greet()) ?? false, 'idle clients prevent a greeting')
  idle.stop()

  const capacity = await measure(
    seconds / 4,
    () => ledger.succeeded,
    async (isTimeUp) => {
      await work(Array.from({ length: 64 }), () => (isTimeUp() ? undefined : greet()))
    }
  )

  // Like those of a load balancer, the connections are open before the load starts.
  const connect = Array.from({ length: maxInFlight }, () => server.send({ path: '/health' }))
  await Promise.all(connect)

  const slow = slowClients(server.origin, 50)
  const sentBefore = ledger.sent
  const start = performance.now()
  const inFlight = new Set<Promise<unknown>>()
  const succeeded = await measure(
    seconds / 2,
    () => ledger.succeeded,
    async (isTimeUp) => {
      while (!isTimeUp()) {
        const due = (4 * capacity * (performance.now() - start)) / 1000
        while (ledger.sent - sentBefore < due && inFlight.size < maxInFlight) {
          const request = greet()
          if (!request) break
          inFlight.add(request)
          request.finally(() => inFlight.delete(request))
        }
        await wait(5)
      }
    }
  )
  const sent = (ledger.sent - sentBefore) / (seconds / 2)

  const end = performance.now()
  while (!(await greet())) await wait(10)
  const recovery = performance.now() - end
  await Promise.all(inFlight)
  const longest = (await slow.stop()) / 1000

  await ledger.noteMemory(server)
  ledger.expect(ledger.peakMemory < 600e6, `the server used ${ledger.peakMemory} bytes of memory`)
  ledger.expect(ledger.shed > 0, 'no request was shed, so there was no overload')
  // A machine that is busy with other work cannot show how much a server does under overload.
  const isBusy = capacity < leastCapacity
  ledger.expect(
    isBusy || succeeded > capacity / 4,
    `under overload, ${succeeded} of ${capacity} per second`
  )
  ledger.expect(ledger.slowestShed < 3000, `shedding took ${ledger.slowestShed} ms`)
  ledger.expect(recovery < (isBusy ? 5000 : 1000), `the recovery took ${recovery} ms`)
  ledger.expect(longest < maxDuration / 1000, `a slow client was connected for ${longest} s`)
  return { capacity, sent, succeeded, recovery, longest }
}

/** Returns how much a count grows per second while a function runs. */
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
