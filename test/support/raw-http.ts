import { once } from 'node:events'
import { connect } from 'node:net'
import type { Response } from './target.ts'

/**
 * Sends any bytes to a server. Returns its responses until the connection is closed; after the first
 * response, this side ends it.
 */
export async function exchange(origin: string, bytes: Buffer): Promise<Response[]> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  const isHead = bytes.subarray(0, 5).equals(Buffer.from('HEAD '))
  let received = ''
  socket.setEncoding('utf8').on('data', (text) => {
    received += text
    if (parse(received, isHead).responses.length > 0) socket.end()
  })
  // A server that closes the connection before it has read all bytes resets it.
  let reset = false
  socket.on('error', () => {
    reset = true
  })
  const closed = once(socket, 'close')
  socket.write(bytes)
  await closed.catch(() => closed)

  const { responses, rest } = parse(received, isHead)
  // The server may reject the bytes after a HEAD before it responds to the HEAD.
  if (rest && !reset && !isHead) throw new Error(`no HTTP response: ${JSON.stringify(rest)}`)
  return responses
}

/** Parses the responses at the start of a text, without interim ones; returns the rest, too. */
function parse(text: string, isHead: boolean): { responses: Response[]; rest: string } {
  const [, status, lines = '', after = ''] =
    /^HTTP\/1\.1 ([1-5]\d\d) [\w -]+((?:\r\n[\w-]+: [^\r\n]*)*)\r\n\r\n([\s\S]*)$/.exec(text) ?? []
  if (!status) return { responses: [], rest: text }
  if (status.startsWith('1')) return parse(after, isHead)

  const headers = Object.fromEntries(
    lines
      .split('\r\n')
      .slice(1)
      .map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 2),
      ])
  )
  const length = isHead ? 0 : Number(headers['content-length'])
  const bytes = Buffer.from(after)
  if (!(bytes.length >= length)) return { responses: [], rest: text }

  const body = bytes.subarray(0, length).toString()
  const next = parse(bytes.subarray(length).toString(), false)
  return {
    responses: [{ status: Number(status), headers, body }, ...next.responses],
    rest: next.rest,
  }
}
