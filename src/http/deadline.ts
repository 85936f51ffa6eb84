import type { FastifyInstance, FastifyReply } from 'fastify'
import { unavailable } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Aborts when the request must end: 2.5 seconds after its body has arrived, or when the client
     * closes the connection. Pass it to each request to DynamoDB. Set from preValidation on.
     */
    deadline: AbortSignal
  }
}

/** Milliseconds from when a request has arrived, with its body, until its handler must end. */
const timeout = 2500

/**
 * Ends each handler at its deadline. Not Fastify's `request.signal` and `handlerTimeout`: once a body
 * has been read, the former aborts, and the latter no longer ends anything.
 */
export function setDeadline(app: FastifyInstance): void {
  app.decorateRequest('deadline')
  app.addHook('preValidation', async (request, reply) => {
    const controller = new AbortController()
    request.deadline = controller.signal
    const timer = setTimeout(() => {
      controller.abort(unavailable('deadline', 'The request took too long. Retry later.'))
    }, timeout)
    reply.raw.once('close', () => {
      clearTimeout(timer)
      // Not `writableFinished`: the response of an injected request never is.
      if (!reply.raw.writableEnded) controller.abort(new Error('the client closed the connection'))
    })
  })

  app.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = function (request, reply) {
      const response: unknown = handler.call(this, request, reply)
      const expired = rejectOnAbort(request.deadline, reply)
      if (response instanceof Promise) return Promise.race([response, expired])
      // The handler sends the response later, by `reply.send()`.
      expired.catch((error) => reply.send(error))
      return response
    }
  })
}

function rejectOnAbort(signal: AbortSignal, reply: FastifyReply): Promise<never> {
  return new Promise((_, reject) => {
    // A response that is being sent, such as a stream, cannot become a problem.
    const end = () => reply.sent || reply.raw.headersSent || reject(signal.reason)
    // A hook may have taken until the deadline.
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
