import { setTimeout as wait } from 'node:timers/promises'
import type { Instance } from '../support/environment.ts'
import { type Part, work } from './part.ts'

/**
 * Greetings of one id by four servers at once, the clocks of two of which stand still, at the same
 * time. Meanwhile a function is frozen for seconds again and again, and loses its connections.
 */
export async function stressByConcurrency(part: Part, greetings: number): Promise<void> {
  const { ledger } = part
  const servers: Instance[] = []
  for (const isClockFrozen of [false, false, true, true])
    servers.push(await part.serve({ isClockFrozen }))
  const callers = servers.flatMap((server) => Array.from({ length: 12 }, () => server))

  let left = greetings
  for (const person of await part.meet(1)) {
    const greeting = work(callers, (server) => {
      if (left === 0) return
      left--
      return ledger.greet(server, person)
    })
    await Promise.all([greeting, freeze(part, () => left === 0)])
  }
}

async function freeze(part: Part, isDone: () => boolean): Promise<void> {
  const proxy = await part.startProxy()
  const environment = await part.handle({ endpoint: proxy.endpoint })
  do {
    for (const person of await part.meet(2)) {
      const isAnswered = await part.ledger.greet(environment, person)
      part.ledger.expect(isAnswered, 'the invocation after a freeze failed')
      await environment.freeze()
      proxy.cut()
      await wait(2000)
      await environment.thaw()
    }
  } while (!isDone())
}
