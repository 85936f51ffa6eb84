import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { pipeline } from 'node:stream/promises'

/**
 * Process 1 of an execution environment (execution-environment.ts), as Lambda has one: forwards the
 * function's requests to the Runtime API, and stops the function while it waits for an event. It runs
 * inside the container, since the function would run on until a signal from outside arrives.
 */
const { RUNTIME_API = '', FREEZE } = process.env
const [hostname, port] = RUNTIME_API.split(':')
let requestId = 'init'

const server = createServer(async (incoming, outgoing) => {
  const { headers, method, url = '' } = incoming
  requestId = /\/invocation\/([^/]+)\/(response|error)$/.exec(url)?.[1] ?? requestId
  const freezes = FREEZE && url.endsWith('/invocation/next')
  if (freezes) freeze()

  const forwarded = request({ hostname, port, path: url, method, headers }, (response) => {
    if (freezes) process.kill(-1, 'SIGCONT')
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    pipeline(response, outgoing).catch(() => outgoing.destroy())
  })
  forwarded.on('error', () => outgoing.destroy())
  outgoing.once('close', () => forwarded.destroy())
  await pipeline(incoming, forwarded).catch(() => forwarded.destroy())
})
server.listen(9001, '127.0.0.1', () => console.log('listening'))

/** Stops the function, and adds a line to its log: later lines are written after the freeze. */
function freeze(): void {
  process.kill(-1, 'SIGSTOP')
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== '1')) {
    while (!/^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    appendFileSync(`/proc/${pid}/fd/1`, `${JSON.stringify({ frozenAfter: requestId })}\n`)
  }
}
