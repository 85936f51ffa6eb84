import { createServer, type RequestListener, type Server } from 'node:http'

// An idle connection takes about 25 KB.
const maxConnections = 2000

/**
 * Creates an HTTP server with limits for its clients, for Fastify's option `serverFactory`. With it, Fastify
 * listens on one address of `localhost` only: a second server would have none of the limits.
 */
export function createHttpServer(handler: RequestListener): Server {
  const options = {
    // Milliseconds for a client to send its whole request, headers and body. Node.js takes the longer
    // one for a request with a body.
    headersTimeout: 5000,
    requestTimeout: 5000,
    // Milliseconds between two checks of these.
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16_384,
    // The app responds to a request without a host (require-host.ts).
    requireHostHeader: false,
    // Longer than load balancers keep an idle connection: AWS's do so for 60 seconds.
    keepAliveTimeout: 72_000,
  }
  const server = createServer(options, handler)
  server.maxConnections = maxConnections
  // Milliseconds until a connection whose client does not read its response is closed, or twice that.
  server.timeout = 10_000
  // Idle connections are closed in favor of new ones.
  server.on('drop', () => server.closeIdleConnections())
  // A server may ignore an unknown expectation (RFC 9110, 10.1.1). Node.js would respond itself, without
  // a body and the common headers.
  server.on('checkExpectation', handler)
  return server
}
