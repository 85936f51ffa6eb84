import { ConfigError } from '../config.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Decodes a file that is UTF-8, without its byte order mark. It decodes line by line, as a decoder
 * does not report where an error is.
 *
 * @throws {ConfigError} when the file is not UTF-8, with the number of the line
 */
export async function* decodeUtf8(file: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let previous: number | undefined

  function decode(bytes?: Uint8Array): string {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      throw new ConfigError(
        `The file must be UTF-8, but line ${line} is not. Save the file as UTF-8 and import it again; some rows before this line may be stored.`
      )
    }
  }

  for await (const chunk of file) {
    const parts: string[] = []
    for (const part of splitAfterLineEnds(chunk)) {
      parts.push(decode(part))
      const last = part.at(-1)
      if (last === carriageReturn || (last === lineFeed && previous !== carriageReturn)) line++
      previous = last
    }
    yield parts.join('')
  }
  yield decode()
}

/** Cuts bytes after each line feed and each carriage return, so `\r\n` makes two parts. */
function* splitAfterLineEnds(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0
  for (const [index, byte] of bytes.entries()) {
    if (byte !== lineFeed && byte !== carriageReturn) continue
    yield bytes.subarray(start, index + 1)
    start = index + 1
  }
  if (start < bytes.length) yield bytes.subarray(start)
}
