import { once } from 'node:events'
import { Server as HttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import type { Test } from 'tap'

/** Starts a server on a free port of 127.0.0.1 until the test ends; returns the port. */
export async function listen(t: Test, server: Server): Promise<number> {
  const port = await listenOnFreePort(server)
  t.teardown(() => {
    if (server instanceof HttpServer) server.closeAllConnections()
    server.close()
  })
  return port
}

/** Starts a server on a free port, by default of 127.0.0.1; returns the port. The caller closes it. */
export async function listenOnFreePort(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return address.port
}

/** Returns a port that is free now, for a program that cannot choose one. */
export async function freePort(host?: string): Promise<number> {
  const server = createServer()
  const port = await listenOnFreePort(server, host)
  server.close()
  await once(server, 'close')
  return port
}
