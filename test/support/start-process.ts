import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { childVariables, endWithTests } from './child.ts'

// They override the variables of the shell that runs the tests.
const ownVariables = {
  AWS_ENDPOINT_URL_DYNAMODB: undefined,
  DYNAMODB_TABLE_NAME: undefined,
  HOST: undefined,
  LOG_LEVEL: undefined,
  PORT: '0',
  npm_lifecycle_event: undefined,
}

/**
 * Runs a program of the service in a folder of the test, on free ports; by default, the program of
 * `npm start`.
 */
export function startProcess(
  t: Test,
  folder: string,
  env: NodeJS.ProcessEnv = {},
  program = 'local/start.ts',
  ...args: string[]
) {
  const script = fileURLToPath(new URL(`../../src/${program}`, import.meta.url))
  const child = endWithTests(
    spawn(process.execPath, [script, ...args], {
      cwd: folder,
      env: { ...process.env, ...childVariables, ...ownVariables, ...env },
    })
  )
  const output = collectOutput(child)
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill()
    await closed
  })

  async function ended() {
    const [code, signal] = await closed
    return { ...output, code, signal }
  }

  const printed = (pattern: RegExp) => untilPrinted(child, output, pattern)

  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal), printed }
}

/** Collects the output of a process. */
export function collectOutput(child: ChildProcess) {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      output[name] += text
    })
  }
  return output
}

/** Waits until the output of a process matches a pattern; returns the captured text. */
export async function untilPrinted(
  child: ChildProcess,
  output: { stdout: string; stderr: string },
  pattern: RegExp
): Promise<string> {
  for (;;) {
    const captured = pattern.exec(output.stdout)?.[1]
    if (captured) return captured
    if (child.exitCode !== null || child.signalCode)
      throw new Error(`the process ended: ${output.stderr}`)
    await Promise.race([child.stdout && once(child.stdout, 'data'), once(child, 'exit')])
  }
}

/** Matches the endpoint of the embedded DynamoDB in the output of `npm start`. */
export const endpoint = /the table +"hello" at ([^,]+)/

/** Matches the origin of the server in its log. */
export const origin = /listening at (http:[^"]+)/
