import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { example } from '../../src/resources.ts'
import { type Figures, interleave, type Table } from './interleave.ts'
import { commandOf, imageOptions, path, type Subject } from './subjects.ts'

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
  const runs = Object.entries(subjects).map(([name, subject]) => [
    name,
    () => startHandler(subject, env),
  ])
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

/** Measures one cold start. */
export async function startHandler(subject: Subject, env: NodeJS.ProcessEnv): Promise<Figures> {
  const [command = '', ...args] = commandOf(subject, 'cold')
  const begin = performance.now()
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const times: number[] = []
  const exited = once(child, 'exit')
  for await (const _line of createInterface(child.stdout)) times.push(performance.now() - begin)
  await exited
  const [ready, response] = times
  if (ready === undefined || response === undefined)
    throw new Error(`${subject.handler} did not respond`)
  return { ready, response }
}
