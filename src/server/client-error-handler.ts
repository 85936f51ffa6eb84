import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyInstance } from 'fastify'
import { commonHeaders } from '../http/common-headers.ts'
import { createProblem } from '../http/problem.ts'

const statuses: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive within 5 seconds.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers must not exceed 16 KiB.'],
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
  // As in Node.js's own handler: within a response that is being sent, there cannot be another.
  const response = '_httpMessage' in socket ? socket._httpMessage : undefined
  const isSending = response instanceof http.ServerResponse && response.headersSent
  // A client that resets its connection gets no response; without one, it is no error either.
  if (error.code === 'ECONNRESET' || !socket.writable || isSending) {
    socket.destroy()
    return
  }
  const id = randomUUID()
  const [status, detail] = statuses[error.code] ?? [400, 'This is not a valid HTTP request.']
  // Not the error itself: it contains the bytes of the request, credentials included.
  this.log.info({ requestId: id, code: error.code, status }, 'invalid HTTP request')
  const body = JSON.stringify(createProblem(status, detail, id))
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
  socket.destroySoon()
}
