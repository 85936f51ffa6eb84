import type { FastifyInstance } from 'fastify'
import { sendProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route is served however much is under way. */
    exemptFromLimit?: boolean
  }
}

// Each opens at most one connection to DynamoDB at a time.
const maxRequests = 100

// Each takes some 25 KB, without a request under way.
const maxConnections = 2000

/**
 * Keeps the server at its capacity, and its memory bounded, whatever comes in: it refuses at once
 * what it could only let wait, and lets nobody hold a connection for nothing.
 */
export function limitLoad(app: FastifyInstance): void {
  let underWay = 0
  let isShedding = false

  app.server.on('request', (_request, response) => {
    underWay++
    response.once('close', () => {
      underWay--
      if (underWay < maxRequests / 2) isShedding = false
    })
  })
  app.addHook('onRequest', async (request, reply) => {
    if (underWay <= maxRequests || request.routeOptions.config.exemptFromLimit) return
    // One line for a wave of them; each has its own with its status.
    if (!isShedding) request.log.warn({ underWay }, 'more load than this process can carry')
    isShedding = true
    const detail = 'The service has more to do than it can. Try again.'
    return sendProblem(request, reply.header('retry-after', '1'), 503, detail)
  })
  // Node.js puts no limit to the rest of a request that is answered before it has come in.
  app.addHook('onSend', async (request, reply) => {
    if (!request.raw.complete) reply.header('connection', 'close')
  })

  app.server.maxConnections = maxConnections
  // Those who are between two requests give way to who comes.
  app.server.on('drop', () => app.server.closeIdleConnections())
}
