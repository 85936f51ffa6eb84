import type { FastifyInstance } from 'fastify'
import { sendProblem } from '../http/problem.ts'

/**
 * Lets the app respond where Node.js would do so itself, without a body and the common headers: to an
 * unknown expectation, and to a request without a host. For the latter, the server needs the option
 * `requireHostHeader: false`.
 */
export function conformToHttp(app: FastifyInstance): void {
  // A server may ignore an unknown expectation (RFC 9110, 10.1.1).
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })

  // Exactly one host (RFC 9112, 3.2).
  app.addHook('onRequest', async (request, reply) => {
    const { headersDistinct, httpVersion } = request.raw
    const hosts = headersDistinct.host?.length ?? 0
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
      return sendProblem(request, reply, 400, 'The request must name one host.')
  })
}
