import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** The most connections that the kernel keeps for a server until it accepts them: Node.js's default. */
const backlog = 511

/**
 * Ends the requests that have arrived when the server closes, and then closes the connections as soon as
 * no request is in flight. By default, a closing server resets the connections that it has not accepted
 * yet. It also waits for connections that carry no request yet (browsers open them in advance) and for
 * those that clients keep open after their response.
 */
export function shutDownGracefully(app: FastifyInstance): void {
  let closing = false
  let connections = 0
  let inFlight = 0

  async function closeSoon(): Promise<void> {
    await wholeTurn()
    if (!app.server.listening && inFlight === 0) app.server.closeAllConnections()
  }

  /** Node.js accepts one connection in each turn of the event loop. */
  async function acceptAll(): Promise<void> {
    let accepted: number
    const most = connections + backlog
    do {
      accepted = connections
      await wholeTurn()
    } while (accepted < connections && connections < most)
  }

  app.server.on('connection', () => connections++)
  app.addHook('onRequest', async (_request, reply) => {
    inFlight++
    reply.raw.once('close', () => {
      inFlight--
      if (closing) closeSoon()
    })
  })
  app.addHook('preClose', async () => {
    closing = true
    await acceptAll()
    // Fastify stops listening right after this hook.
    closeSoon()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close')
  })
}

/** Waits for a whole turn of the event loop, in which requests that have arrived are read. */
async function wholeTurn(): Promise<void> {
  await setImmediate()
  await setImmediate()
}
