import type { FastifyInstance } from 'fastify'

/**
 * Closes the connections as soon as no request is in flight. By default, a closing server also waits for
 * connections that carry no request yet (browsers open them in advance) and for those that clients keep
 * open after their response.
 */
export function shutDownGracefully(app: FastifyInstance): void {
  let closing = false
  let inFlight = 0
  function closeWhenDone(): void {
    if (closing && inFlight === 0) app.server.closeAllConnections()
  }
  // After a whole turn of the event loop, in which requests that have arrived are read.
  function closeSoon(): void {
    setImmediate(() => setImmediate(closeWhenDone))
  }

  app.addHook('onRequest', async (_request, reply) => {
    inFlight++
    reply.raw.once('close', () => {
      inFlight--
      closeSoon()
    })
  })
  app.addHook('preClose', async () => {
    closing = true
    // Fastify stops accepting connections right after this hook.
    closeSoon()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close')
  })
}
