import type { FastifyInstance } from 'fastify'

/**
 * Has a server that closes wait for the requests under way, and for nothing else. By itself it also
 * waits for connections without a request, which browsers open in advance, and for those whose
 * request was under way when it began to close, which clients keep for the next one.
 */
export function drainConnections(app: FastifyInstance): void {
  let closing = false
  let underWay = 0
  function closeWhenDone(): void {
    if (closing && underWay === 0) app.server.closeAllConnections()
  }
  // Not before what has arrived is read: a whole turn of the event loop is between two of these.
  function closeSoon(): void {
    setImmediate(() => setImmediate(closeWhenDone))
  }

  app.server.on('request', (_request, response) => {
    underWay++
    response.once('close', () => {
      underWay--
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
