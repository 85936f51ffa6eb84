import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * Starts a server on 127.0.0.1, by default on a free port; returns the port. When the test ends, the
 * server closes with its connections.
 */
export async function listen(t: Test, server: Server, port = 0): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return listenOn(server, port)
}

/** Starts a server on a free port, by default of 127.0.0.1; returns the port. The caller closes it. */
export function listenOnFreePort(server: Server, host?: string): Promise<number> {
  return listenOn(server, 0, host)
}

async function listenOn(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return address.port
}

/**
 * Returns a port that is free, for a program that cannot choose one; the port after it is free, too.
 * Both are below those that systems choose for others (from 32768 on), so they stay free.
 */
export async function freePort(host?: string): Promise<number> {
  for (;;) {
    const port = 10_000 + 2 * randomInt(11_000)
    if ((await isFree(port, host)) && (await isFree(port + 1, host))) return port
  }
}

/** Returns whether a server can listen on a port; 0 is any port of the host. */
export async function isFree(port: number, host?: string): Promise<boolean> {
  const server = createServer()
  try {
    await listenOn(server, port, host)
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
