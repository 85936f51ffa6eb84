import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { example } from '../../src/resources.ts'
import { type Figures, interleave, type Table } from './interleave.ts'
import { imageOptions, path, type Subject } from './subjects.ts'

/**
 * Measures cold starts: the milliseconds from the start of a process until its handler is loaded, and
 * until it has responded to the example event.
 */
export function benchCold(
  title: string,
  subjects: Record<string, Subject>,
  env: NodeJS.ProcessEnv,
  rounds: number
): Promise<Table> {
  const runs = Object.entries(subjects).map(([name, subject]) => [name, () => start(subject, env)])
  return interleave(title, Object.fromEntries(runs), rounds)
}

/** Measures the phases of a cold start of the service: the milliseconds of each. */
export function benchPhases(env: NodeJS.ProcessEnv, rounds: number): Promise<Table> {
  const program = [path('processes/phases.mjs'), path('../../dist'), JSON.stringify(example.event)]
  const args = [...imageOptions, ...program]
  async function run(): Promise<Figures> {
    const options = { env: { ...process.env, ...env } }
    return JSON.parse((await promisify(execFile)(process.execPath, args, options)).stdout)
  }
  return interleave('phases', { service: run }, rounds)
}

async function start({ handler, options }: Subject, env: NodeJS.ProcessEnv): Promise<Figures> {
  const program = [path('processes/start.mjs'), handler, JSON.stringify(example.event)]
  const begin = performance.now()
  const child = spawn(process.execPath, [...options, ...program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const times: number[] = []
  const exited = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    times.push(performance.now() - begin)
    if (line !== 'ready' && line !== example.response.body)
      throw new Error(`${handler} responded with ${line}`)
  }
  await exited
  const [ready, response] = times
  if (ready === undefined || response === undefined) throw new Error(`${handler} did not respond`)
  return { ready, response }
}
