import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { promisify } from 'node:util'
import autocannon from 'autocannon'
import { Pool } from 'undici'
import { example } from '../../src/resources.ts'
import { type Figures, interleave, type Table } from './interleave.ts'
import { quantile } from './statistics.ts'
import { commandOf, type Subject } from './subjects.ts'

/**
 * Binds this process to the first processor. Returns the words in front of a command that bind its process
 * to the second one, so that a server and its load do not share one. Linux only.
 */
async function divideProcessors(): Promise<string[]> {
  if (process.platform !== 'linux' || cpus().length < 2) return []
  await promisify(execFile)('taskset', [
    '--all-tasks',
    '--cpu-list',
    '--pid',
    '0',
    `${process.pid}`,
  ])
  return ['taskset', '--cpu-list', '1']
}

/** Measures responses of a handler, one after the other: the milliseconds of the median and of p99. */
export async function benchHandlers(
  title: string,
  subjects: Record<string, Subject>,
  env: NodeJS.ProcessEnv,
  rounds: number,
  count: number
): Promise<Table> {
  const pinned = await divideProcessors()
  const runs = Object.entries(subjects).map(([name, subject]) => [
    name,
    () => sendInTurn(subject, env, count, pinned),
  ])
  return interleave(title, Object.fromEntries(runs), rounds)
}

/** Measures responses of a handler, one after the other, in one process. */
export async function sendInTurn(
  subject: Subject,
  env: NodeJS.ProcessEnv,
  count: number,
  pinned: string[] = []
): Promise<Figures> {
  const words = [...pinned, ...commandOf(subject, 'warm', example.event, count)]
  const [command = '', ...args] = words
  const { stdout } = await promisify(execFile)(command, args, { env: { ...process.env, ...env } })
  const [, line = ''] = stdout.split('\n')
  const times: number[] = JSON.parse(line)
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** A load: a number of requests to warm up, and then the seconds of the measurement. */
export interface Load {
  requests: number
  seconds: number
}

/**
 * Measures servers under load: requests per second, milliseconds of a response, and megabytes after the
 * requests to warm up.
 */
export async function benchServers(
  servers: Record<string, string[]>,
  env: NodeJS.ProcessEnv,
  rounds: number,
  how: Load
): Promise<Table> {
  const runs = Object.entries(servers).map(([name, args]) => [
    name,
    async () => load(await startServer(args, env), how),
  ])
  return interleave('servers', Object.fromEntries(runs), rounds)
}

interface Server {
  origin: string
  pid(): Promise<number | undefined>
  stop(): Promise<void>
}

/** Measures a server under load, and stops it. */
export async function load(server: Server, { requests, seconds }: Load): Promise<Figures> {
  const { origin, pid, stop } = server
  await divideProcessors()
  try {
    await untilItResponds(origin)
    await fire(origin, { amount: requests })
    const memory = await readMemory(await pid())
    const { latency, requests: completed } = await fire(origin, { duration: seconds })
    return { 'requests/s': completed.total / seconds, p50: latency.p50, p99: latency.p99, memory }
  } finally {
    await stop()
  }
}

/** Starts a server on the second processor. */
export async function startServer(args: string[], env: NodeJS.ProcessEnv): Promise<Server> {
  const [command = '', ...words] = [...(await divideProcessors()), process.execPath, ...args]
  const port = 4000 + (process.pid % 1000)
  const child = spawn(command, words, {
    env: { ...process.env, ...env, HOST: '127.0.0.1', PORT: `${port}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: async () => child.pid,
    async stop() {
      child.kill()
      await exited
    },
  }
}

/** Waits up to 10 seconds until a server responds to the example request. */
export async function untilItResponds(origin: string): Promise<void> {
  const pool = new Pool(origin)
  const deadline = Date.now() + 10_000
  while (!(await responds(pool)))
    if (Date.now() > deadline) throw new Error(`${origin} does not respond`)
  await pool.close()
}

async function responds(pool: Pool): Promise<boolean> {
  try {
    const { body } = await pool.request({ method: 'GET', path: example.event.path })
    return (await body.text()) === example.response.body
  } catch {
    return false
  }
}

/** Sends a number of requests, or requests for a number of seconds, 50 at a time. */
export async function fire(origin: string, load: { amount: number } | { duration: number }) {
  const result = await autocannon({
    url: `${origin}${example.event.path}`,
    connections: 50,
    ...load,
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${origin} failed under load`)
  return result
}

/** Returns the megabytes of memory of a process. */
export async function readMemory(pid?: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', `${pid}`])
  return Number(stdout) / 1024
}
