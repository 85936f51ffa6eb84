import type { FastifyInstance } from 'fastify'
import { sendProblem } from './problem.ts'

/**
 * Has the app answer what Node.js would answer by itself, without a body and the common headers: an
 * expectation that it does not know, and a request that names no host. For the latter, the server
 * must be made with `requireHostHeader: false`.
 */
export function answerEveryRequest(app: FastifyInstance): void {
  // A server may pass over an expectation that it does not know (RFC 9110, 10.1.1).
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })

  // One host, no less and no more (RFC 9112, 3.2).
  app.addHook('onRequest', async (request, reply) => {
    const { headersDistinct, httpVersion } = request.raw
    const hosts = headersDistinct.host?.length ?? 0
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
      return sendProblem(request, reply, 400, 'The request must name one host.')
  })
}
