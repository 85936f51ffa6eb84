import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from '../http/problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route is served whatever the load. */
    exemptFromLimit?: boolean
  }
}

// Each opens at most one connection to DynamoDB at a time.
const maxRequests = 100

/**
 * Limits the requests in flight, and so the memory of the process. Further requests get 503 at once. A
 * request counts from when its body has arrived, so clients that send slowly take no capacity.
 */
export function limitConcurrency(app: FastifyInstance): void {
  let inFlight = 0

  function shed(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    if (inFlight < maxRequests || request.routeOptions.config.exemptFromLimit) return undefined
    reply.failure = { reason: 'load' }
    return sendProblem(request, reply, 503, 'The server is overloaded. Retry later.')
  }

  // Before the body is read, and again when it has arrived.
  app.addHook('onRequest', async (request, reply) => shed(request, reply))
  app.addHook('preValidation', async (request, reply) => {
    if (shed(request, reply)) return reply
    inFlight++
    reply.raw.once('close', () => {
      inFlight--
    })
  })
  // Node.js does not limit the rest of a request that gets a response before it has arrived.
  app.addHook('onSend', async (request, reply) => {
    if (!request.raw.complete) reply.header('connection', 'close')
  })
}
