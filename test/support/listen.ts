import { once } from 'node:events'
import { Server as HttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import type { Test } from 'tap'

/** Has a server listen on a free port of this machine until the test ends; returns the port. */
export async function listen(t: Test, server: Server): Promise<number> {
  const port = await listenOnFreePort(server)
  t.teardown(() => {
    if (server instanceof HttpServer) server.closeAllConnections()
    server.close()
  })
  return port
}

/** Has a server listen on a free port, of this machine alone, for its caller to close; returns the port. */
export async function listenOnFreePort(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it has no port')
  return address.port
}

/** A port that is free now, for a program that cannot choose one. */
export async function freePort(host?: string): Promise<number> {
  const server = createServer()
  const port = await listenOnFreePort(server, host)
  server.close()
  await once(server, 'close')
  return port
}
