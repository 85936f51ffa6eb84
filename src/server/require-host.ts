import type { FastifyInstance } from 'fastify'
import { sendProblem } from '../http/problem.ts'

/**
 * Requires exactly one host (RFC 9112, 3.2). Node.js would respond itself, without a body and the common
 * headers, unless its option `requireHostHeader` is false.
 */
export function requireHost(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { headersDistinct, httpVersion } = request.raw
    const hosts = headersDistinct.host?.length ?? 0
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
      return sendProblem(request, reply, 400, 'The request must name one host.')
  })
}
