import type { HttpHandlerOptions, HttpRequest } from '@smithy/types'
import { Agent, errors } from 'undici'
import { connectionTimeout, maxSockets, requestTimeout } from './dynamodb-client.ts'

/**
 * Carries the AWS SDK's requests to DynamoDB by undici, with which a busy server answers many more of
 * its callers than with the SDK's own handler. For the server alone: a cold start of a function is
 * over before undici would have been worth its loading.
 */
export function createUndiciHandler() {
  const agent = new Agent({
    connections: maxSockets,
    connect: { timeout: connectionTimeout },
    headersTimeout: requestTimeout,
    // As with the SDK's handler: an answer that has begun has the time of the greeting.
    bodyTimeout: 0,
    // Not undici's 4 seconds: with few callers, each greeting would wait for a new connection.
    keepAliveTimeout: 60_000,
    allowH2: false,
  })
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: HttpRequest, { abortSignal }: HttpHandlerOptions) {
      const { protocol, hostname, port, path, method, headers, body } = request
      const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined
      const host = [hostname, port].filter(Boolean).join(':')
      const origin = `${protocol}//${host}`
      try {
        const response = await agent.request({ origin, path, method, headers, body, signal })
        const bytes = new Uint8Array(await response.body.arrayBuffer())
        return {
          response: {
            statusCode: response.statusCode,
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, String(value)])
            ),
            body: bytes,
          },
        }
      } catch (error) {
        throw signal?.aborted
          ? new DOMException('The request is aborted', 'AbortError')
          : explain(error)
      }
    },
    destroy() {
      void agent.destroy()
    },
  }
}

/** A failure as the SDK's retries know it. */
function explain(error: unknown): unknown {
  if (error instanceof errors.ConnectTimeoutError || error instanceof errors.HeadersTimeoutError)
    return Object.assign(new Error('DynamoDB does not answer in time'), { name: 'TimeoutError' })
  if (error instanceof errors.SocketError)
    return Object.assign(new Error('DynamoDB closed the connection'), { code: 'ECONNRESET' })
  return error
}
