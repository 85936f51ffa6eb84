import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Says that a test needs `what`, if its program does not run here with an argument; else `false`. */
export async function missingProgram(
  program: string,
  argument: string,
  what: string
): Promise<string | false> {
  try {
    await promisify(execFile)(program, [argument])
    return false
  } catch (error) {
    return `it needs ${what}: ${error}`
  }
}
