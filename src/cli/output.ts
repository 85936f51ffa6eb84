/** The output of a tool cannot be written. */
class OutputError extends Error {
  declare cause: NodeJS.ErrnoException
}

/**
 * Returns a function that writes a line. It resolves once the stream has written the line, so a tool
 * does not work for a reader that is gone.
 */
export function lineWriter(stream: NodeJS.WritableStream) {
  // The callback gets the error; without a listener, the event would end the process.
  stream.on('error', () => {})
  return (line: string) =>
    new Promise<void>((resolve, reject) => {
      stream.write(`${line}\n`, (cause) =>
        cause ? reject(new OutputError('', { cause })) : resolve()
      )
    })
}

/**
 * Runs a tool whose output may be lost.
 *
 * @returns the tool's exit code; 141 when the reader of the output is gone, as a shell reports a
 * program that SIGPIPE ends; 2 when the output cannot be written for another reason, which is printed
 */
export async function whileOutputWorks(
  tool: () => Promise<number>,
  stderr: NodeJS.WritableStream
): Promise<number> {
  stderr.on('error', () => {})
  try {
    return await tool()
  } catch (error) {
    if (!(error instanceof OutputError)) throw error
    if (error.cause.code === 'EPIPE') return 141
    stderr.write(`The output cannot be written: ${error.cause.message}.\n`)
    return 2
  }
}
