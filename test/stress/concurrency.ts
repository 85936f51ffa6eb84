import { setTimeout as wait } from 'node:timers/promises'
import type { Instance } from '../support/environment.ts'
import { type Part, work } from './part.ts'

/**
 * Sends concurrent greetings of one id to four servers; the clocks of two of them are stopped at the same
 * time. Meanwhile, a function is frozen for seconds, and loses its connections, over and over.
 */
export async function stressByConcurrency(part: Part, greetings: number): Promise<void> {
  const { ledger } = part
  const servers: Instance[] = []
  for (const isClockFrozen of [false, false, true, true])
    servers.push(await part.serve({ isClockFrozen }))
  const clients = servers.flatMap((server) => Array.from({ length: 12 }, () => server))

  let left = greetings
  for (const person of await part.createPeople(1)) {
    const greetings = work(clients, (server) => {
      if (left === 0) return
      left--
      return ledger.greet(server, person)
    })
    await Promise.all([greetings, freeze(part, () => left === 0)])
  }
}

async function freeze(part: Part, isDone: () => boolean): Promise<void> {
  const proxy = await part.startProxy()
  const environment = await part.handle({ endpoint: proxy.endpoint })
  do {
    for (const person of await part.createPeople(2)) {
      const succeeds = await part.ledger.greet(environment, person)
      part.ledger.expect(succeeds, 'the invocation after a freeze failed')
      await environment.freeze()
      proxy.cut()
      await wait(2000)
      await environment.thaw()
    }
  } while (!isDone())
}
