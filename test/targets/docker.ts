import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs a command of Docker; returns what it prints. Throws if the command fails. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args)
  return stdout.trim()
}

/** Why no containers can be tested here, and what to do about it; `false` if they can. */
export async function noEngine(): Promise<string | false> {
  try {
    await docker('info')
    await docker('compose', 'version')
    return false
  } catch (error) {
    const [, reason = error] = /\n(.*)/.exec(String(error)) ?? []
    return `it needs a container engine: start Docker, with Compose (${reason})`
  }
}
