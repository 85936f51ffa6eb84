import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

declare module 'fastify' {
  interface FastifyReply {
    /** The error that a response with a status of 500 or more is about. */
    failure?: Error
  }
}

/** Logs one line for each request, when its response has been sent: at level error if it failed. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' })
  }

  override incomingRequest(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply
  ): void {
    const err = reply.failure ?? error
    const { method, routeOptions, url: path } = request
    const { elapsedTime, statusCode: status } = reply
    const line = { method, path, route: routeOptions.url, status, ms: Math.round(elapsedTime) }
    if (err) request.log.error({ err, ...line }, err.message)
    else request.log.info(line, 'request completed')
  }
}
