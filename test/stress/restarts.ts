import type { Instance } from '../support/environment.ts'
import { greeting } from '../support/greeting.ts'
import { type Part, work } from './part.ts'

/**
 * Makes rolling restarts under load: a new server starts and gets the requests, and the old one gets
 * SIGTERM. At the end, a server with a request in flight gets SIGTERM twice. Returns the number of
 * restarts.
 */
export async function stressByRestarts(part: Part): Promise<number> {
  const { ledger } = part
  let server = await part.serve()
  let isRolling = true
  let restarts = 0

  const people = await part.createPeople(500)
  const load = work(Array.from({ length: 20 }), () => {
    const person = people[ledger.sent % people.length]
    return isRolling && person ? ledger.greet(server, person) : undefined
  })
  try {
    do {
      const old = server
      server = await part.serve()
      await ledger.noteMemory(old)
      // When it gets its response, the requests before it have arrived.
      await old.send({ path: '/health' })
      await old.terminate()
      const code = await old.ended()
      ledger.expect(code === 0, `a server ended with ${code} after SIGTERM`)
      restarts++
    } while (!part.isTimeUp())
  } finally {
    isRolling = false
    await load
  }

  const failed = ledger.sent - ledger.succeeded
  ledger.expect(failed === 0, `${failed} greetings failed during restarts`)

  await endAtOnce(part)
  return restarts
}

async function endAtOnce(part: Part): Promise<void> {
  const proxy = await part.startProxy()
  const server = await part.serve({ endpoint: proxy.endpoint })
  proxy.follow(() => 'hang before it is applied')
  const greetings = (await part.createPeople(1)).map(({ id }) => server.send(greeting(id)))
  const broken = Promise.allSettled(greetings)
  while (proxy.injected.size === 0) await new Promise(setImmediate)

  await server.terminate()
  await untilRefused(server)
  const start = performance.now()
  await server.terminate()
  await server.ended()
  const time = performance.now() - start
  part.ledger.expect(time < 1500, `a server took ${time} ms to end after a second SIGTERM`)
  await broken
}

async function untilRefused(server: Instance): Promise<void> {
  const isRefused = () =>
    server.send({ path: '/health' }).then(
      () => false,
      () => true
    )
  while (!(await isRefused())) await new Promise(setImmediate)
}
