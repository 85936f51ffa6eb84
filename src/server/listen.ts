import { once } from 'node:events'
import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { clientErrorHandler } from './client-error-handler.ts'
import { createHttpServer } from './http-server.ts'

/**
 * Listens on one or several addresses: `localhost` usually has one of IPv4 and one of IPv6. An app has one
 * server, so there is a server for each further address. (Fastify does so too, but its servers would not
 * have the limits of `createHttpServer()`.)
 *
 * @returns the servers of the further addresses
 */
export async function listen(
  app: FastifyInstance,
  [host = '', ...others]: string[],
  port: number
): Promise<Server[]> {
  await app.listen({ host, port })
  const boundPort = Number(new URL(app.listeningOrigin).port)
  return Promise.all(others.map((address) => listenToo(app, address, boundPort)))
}

async function listenToo(app: FastifyInstance, host: string, port: number): Promise<Server> {
  const server = createHttpServer(app.routing)
  server.on('clientError', clientErrorHandler.bind(app))
  server.listen(port, host)
  await once(server, 'listening').catch((error) => {
    // A container may know an IPv6 address of localhost, and have no IPv6.
    if (error.code === 'EADDRINUSE') throw error
  })
  return server
}
