/** The output of a tool cannot be written; `cause` is the system's error. */
class OutputError extends Error {
  override name = 'OutputError'
}

/**
 * Returns a function that writes a line. It resolves once the stream has written the line, so a tool
 * does not work for a reader that is gone.
 */
export function lineWriter(stream: NodeJS.WritableStream) {
  ignoreErrors(stream)
  return (line: string) =>
    new Promise<void>((resolve, reject) => {
      stream.write(`${line}\n`, (cause) =>
        cause ? reject(new OutputError('The output cannot be written', { cause })) : resolve()
      )
    })
}

/** Prevents an error of the stream from ending the process. */
function ignoreErrors(stream: NodeJS.WritableStream): void {
  stream.on('error', () => {})
}

// As a shell reports a program that SIGPIPE ends.
const brokenPipe = 141

/**
 * Runs a tool whose output may be lost.
 *
 * @returns the tool's exit code; 141 when the reader of the output is gone, as in `| head`; 2 when
 * the output cannot be written for another reason, which is printed
 */
export async function whileOutputWorks(
  tool: () => Promise<number>,
  stderr: NodeJS.WritableStream
): Promise<number> {
  ignoreErrors(stderr)
  try {
    return await tool()
  } catch (error) {
    if (!(error instanceof OutputError && error.cause instanceof Error)) throw error
    if ('code' in error.cause && error.cause.code === 'EPIPE') return brokenPipe
    stderr.write(`${error.message}: ${error.cause.message}.\n`)
    return 2
  }
}
