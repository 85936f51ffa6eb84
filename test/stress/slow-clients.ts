import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Milliseconds after which a client that is not cut off goes by itself. */
export const patience = 15_000

// With what they begin; all but the silent go on with a byte now and then.
const manners = {
  silent: '',
  'slow header': 'GET /hello/1 HTTP/1.1\r\nHost: test\r\nX: ',
  'slow body': 'POST /hello/1 HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n',
  'long header': `GET /hello/1 HTTP/1.1\r\nHost: test\r\nX: ${'a'.repeat(100_000)}`,
}

function open(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  return (
    connect(Number(port), hostname)
      // That it is cut off is what is wanted.
      .on('error', () => {})
      .resume()
  )
}

/**
 * Connects clients that never mean to be done, and connects them again when they are cut off.
 *
 * @param clients how many, of each manner
 */
export function holdOn(origin: string, clients: number) {
  let isOver = false
  let longest = 0

  async function hold(bytes: string): Promise<void> {
    do {
      const start = performance.now()
      const socket = open(origin)
      socket.write(bytes)
      const timer = setInterval(() => {
        if (performance.now() - start > patience) socket.destroy()
        else if (bytes) socket.write('a')
      }, 300)
      await new Promise((resolve) => socket.once('close', resolve))
      clearInterval(timer)
      longest = Math.max(longest, performance.now() - start)
      await wait(300)
    } while (!isOver)
  }

  const holding = Object.values(manners).flatMap((bytes) =>
    Array.from({ length: clients }, () => hold(bytes))
  )
  return {
    /** Lets none come again. Returns for how many milliseconds one held on at most. */
    async stop(): Promise<number> {
      isOver = true
      await Promise.all(holding)
      return longest
    },
  }
}

/** Connects clients that make one request each, and then keep their connections; `stop` them. */
export async function idle(origin: string, clients: number) {
  const sockets: Socket[] = []
  for (let count = 0; count < clients; count++) {
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
