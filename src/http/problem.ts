import http from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import * as Type from 'typebox'

/** What went wrong, for people and programs alike (RFC 9457). `instance` is the request id. */
export const Problem = Type.Object({
  type: Type.Literal('about:blank'),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
})

export function createProblem(
  status: number,
  detail: string,
  instance: string
): Static<typeof Problem> {
  // about:blank: the status says it all, and the title is the status's phrase (RFC 9457, 4.2.1).
  const title = String(http.STATUS_CODES[status])
  return { type: 'about:blank', title, status, detail, instance }
}

/** Answers with a problem; `detail` reaches the caller, so it must not show the service's insides. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  detail: string
): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(createProblem(status, detail, request.id))
}
