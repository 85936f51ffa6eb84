import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { basePath } from '../support/greeting.ts'

/** Milliseconds after which a slow client disconnects itself. */
export const maxDuration = 15_000

// The first bytes of each kind of client. All but the silent ones continue with a byte every 300 ms.
const kinds = {
  silent: '',
  'slow header': `GET ${basePath}/1 HTTP/1.1\r\nHost: test\r\nX: `,
  'slow body': `POST ${basePath}/1 HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n`,
  'long header': `GET ${basePath}/1 HTTP/1.1\r\nHost: test\r\nX: ${'a'.repeat(100_000)}`,
}

function open(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  return (
    connect(Number(port), hostname)
      // The server is expected to close the connection.
      .on('error', () => {})
      .resume()
  )
}

/**
 * Connects clients that never complete a request, and connects them again when the server disconnects
 * them.
 *
 * @param count of the clients of each kind
 */
export function slowClients(origin: string, count: number) {
  let isOver = false
  let longest = 0

  async function connectAgain(bytes: string): Promise<void> {
    do {
      const start = performance.now()
      const socket = open(origin)
      socket.write(bytes)
      const timer = setInterval(() => {
        if (performance.now() - start > maxDuration) socket.destroy()
        else if (bytes) socket.write('a')
      }, 300)
      await new Promise((resolve) => socket.once('close', resolve))
      clearInterval(timer)
      longest = Math.max(longest, performance.now() - start)
      await wait(300)
    } while (!isOver)
  }

  const clients = Object.values(kinds).flatMap((bytes) =>
    Array.from({ length: count }, () => connectAgain(bytes))
  )
  return {
    /** Ends the clients. Returns the most milliseconds that one was connected. */
    async stop(): Promise<number> {
      isOver = true
      await Promise.all(clients)
      return longest
    },
  }
}

/** Connects clients that send one request each and keep their connections; `stop` them at the end. */
export async function idleClients(origin: string, count: number) {
  const sockets: Socket[] = []
  for (let index = 0; index < count; index++) {
    const socket = open(origin)
    sockets.push(socket)
    socket.write('GET /health HTTP/1.1\r\nHost: test\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve).once('close', resolve))
  }
  return {
    stop(): void {
      for (const socket of sockets) socket.destroy()
    },
  }
}
