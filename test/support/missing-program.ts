import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Returns that a test requires `what` if its program does not run here; else `false`. */
export async function missingProgram(
  program: string,
  argument: string,
  what: string
): Promise<string | false> {
  try {
    await promisify(execFile)(program, [argument])
    return false
  } catch (error) {
    return `it requires ${what}: ${error}`
  }
}
