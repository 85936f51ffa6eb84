import http from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import * as Type from 'typebox'
import type { Reason } from './request-log.ts'

/** What went wrong, for people and programs (RFC 9457). `instance` is the request id. */
export const Problem = Type.Object({
  type: Type.Literal('about:blank'),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
})
type Problem = Static<typeof Problem>

/**
 * An error with the status of its response. The client gets `detail`, so it must not contain
 * internals of the service.
 */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly status: number
  readonly reason: Reason | undefined

  constructor(status: number, detail: string, options?: ErrorOptions & { reason?: Reason }) {
    super(detail, options)
    this.status = status
    this.reason = options?.reason
  }
}

/** A response of 503: the request may succeed later. */
export function unavailable(reason: Reason, detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem(503, detail, { reason, cause })
}

export function createProblem(status: number, detail: string, instance: string): Problem {
  // With about:blank, the title is the phrase of the status (RFC 9457, 4.2.1).
  const title = String(http.STATUS_CODES[status])
  return { type: 'about:blank', title, status, detail, instance }
}

/** Sends a problem as the response. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  detail: string
): FastifyReply {
  // Seconds.
  if (status === 503) reply.header('retry-after', '1')
  return reply
    .code(status)
    .type('application/problem+json')
    .send(createProblem(status, detail, request.id))
}
