import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyInstance } from 'fastify'
import { commonHeaders } from '../http/common-headers.ts'
import { createProblem } from '../http/problem.ts'

const statuses: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/**
 * Responds to what Node.js's HTTP parser rejects, for Fastify's option `clientErrorHandler`. No hook
 * and no error handler runs for it.
 */
export function clientErrorHandler(
  this: FastifyInstance,
  error: ConnectionError,
  socket: Socket
): void {
  const id = randomUUID()
  // Not the error itself: it contains the bytes of the request, credentials included.
  this.log.info({ requestId: id, code: error.code }, 'broken request')
  const status = statuses[error.code] ?? 400
  const body = JSON.stringify(
    createProblem(status, 'The server cannot read this as an HTTP request.', id)
  )
  if (socket.writable) {
    socket.write(
      [
        `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
        'connection: close',
        'content-type: application/problem+json',
        `content-length: ${Buffer.byteLength(body)}`,
        ...Object.entries(commonHeaders(id)).map((header) => header.join(': ')),
        '',
        body,
      ].join('\r\n')
    )
  }
  socket.destroy(error)
}
