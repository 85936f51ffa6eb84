import { createServer, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { listen } from './listen.ts'

interface Changes {
  /** Returns the body of a response to a request that is not forwarded; `undefined` forwards it. */
  respond?(request: IncomingMessage): string | undefined
  /** Changes the body of a response. */
  rewrite?(body: string): string
}

/** Forwards requests to a server until the test ends, with changes; returns the proxy's port. */
export function startHttpProxy(
  t: Test,
  server: RequestOptions,
  { respond = () => undefined, rewrite = (body) => body }: Changes
): Promise<number> {
  const proxy = createServer((incoming, outgoing) => {
    const body = respond(incoming)
    if (body !== undefined) {
      incoming.resume()
      outgoing.end(body)
      return
    }

    const { method, url, headers } = incoming
    const forwarded = request({ ...server, method, path: url, headers }, async (response) => {
      outgoing.statusCode = response.statusCode ?? 502
      // Node.js frames the changed body itself.
      for (const [name, value] of Object.entries(response.headers))
        if (value && !['content-length', 'transfer-encoding'].includes(name))
          outgoing.setHeader(name, value)
      outgoing.end(rewrite(await text(response)))
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  return listen(t, proxy)
}
