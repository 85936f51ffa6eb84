import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isSdkError, isUnavailable } from '../dynamodb/failure.ts'
import { HttpProblem, sendProblem } from './problem.ts'
import type { Reason } from './request-log.ts'

/** Responds to each error with a problem, for Fastify's `setErrorHandler`. */
export function handleError(
  error: FastifyError | HttpProblem,
  request: FastifyRequest,
  reply: FastifyReply
): void {
  const { status, detail, reason = 'internal' } = explain(error)
  // When a client closes its connection, its request is aborted, which is not a failure of the service.
  if (status >= 500 && !reply.raw.destroyed) reply.failure = { reason, error }
  sendProblem(request, reply, status, detail)
}

function explain(error: FastifyError | HttpProblem): Explanation {
  if (error instanceof HttpProblem)
    return { status: error.status, detail: error.message, reason: error.reason }
  if (isUnavailable(error))
    return {
      status: 503,
      detail: 'The database is unavailable. Retry later.',
      reason: 'database',
    }
  if (error.code === 'FST_ERR_BAD_URL')
    return { status: 400, detail: 'The path is not percent-encoded UTF-8.' }
  // Fastify's errors about a request: a schema that does not match, or a body that cannot be read.
  const { code = '', statusCode = 500, message } = error
  if (code.startsWith('FST_ERR_') && statusCode < 500)
    return { status: statusCode, detail: message }
  return {
    status: 500,
    detail: 'Internal error. The log has the cause under this request id.',
    reason: isSdkError(error) ? 'database' : 'internal',
  }
}

interface Explanation {
  status: number
  detail: string
  reason?: Reason
}
