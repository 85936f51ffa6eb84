import type { FastifyInstance } from 'fastify'
import { sendProblem } from '../http/problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route is served whatever the load. */
    exemptFromLimit?: boolean
  }
}

// Each opens at most one connection to DynamoDB at a time.
const maxRequests = 100

// An idle connection takes about 25 KB.
const maxConnections = 2000

/**
 * Limits the requests in flight and the open connections of a server, and so its memory. Requests beyond
 * the limit get 503 at once; for new connections, idle ones are closed.
 */
export function limitConcurrency(app: FastifyInstance): void {
  let inFlight = 0
  let isShedding = false

  app.server.on('request', (_request, response) => {
    inFlight++
    response.once('close', () => {
      inFlight--
      if (inFlight < maxRequests / 2) isShedding = false
    })
  })
  app.addHook('onRequest', async (request, reply) => {
    if (inFlight <= maxRequests || request.routeOptions.config.exemptFromLimit) return
    // One warning until the load falls; each request also has its own line.
    if (!isShedding) request.log.warn({ inFlight }, 'the server is overloaded')
    isShedding = true
    const detail = 'The server is overloaded. Retry later.'
    return sendProblem(request, reply.header('retry-after', '1'), 503, detail)
  })
  // Node.js does not limit the rest of a request that gets a response before it has arrived.
  app.addHook('onSend', async (request, reply) => {
    if (!request.raw.complete) reply.header('connection', 'close')
  })

  app.server.maxConnections = maxConnections
  // Idle connections are closed in favor of new ones.
  app.server.on('drop', () => app.server.closeIdleConnections())
}
