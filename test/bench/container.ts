import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import manifest from '../../package.json' with { type: 'json' }
import { type Figures, interleave, type Table } from './interleave.ts'
import { imageOptions, path, type Subject } from './subjects.ts'
import { type Load, load, untilItResponds } from './warm.ts'

const image = manifest.name
const base = 'node:24-bookworm-slim'

async function docker(...args: string[]): Promise<string> {
  return (await promisify(execFile)('docker', args, { cwd: path('../..') })).stdout.trim()
}

/** Returns the reason why containers cannot be measured here; `undefined` if they can. */
export async function noEngine(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return 'it requires Linux, where containers share the host network'
  return docker('info').then(
    () => undefined,
    () => 'it requires Docker with Compose'
  )
}

/** Builds the image; returns the megabytes that it adds to its base. */
export async function buildImage(): Promise<number> {
  await docker('compose', 'build', '--quiet', 'api')
  const sizes = (await docker('image', 'inspect', '--format', '{{.Size}}', base, image)).split('\n')
  const [ofBase = Number.NaN, ofImage = Number.NaN] = sizes.map(Number)
  return (ofImage - ofBase) / 1e6
}

/** Starts the server in a container on the host's network. */
async function startContainer(
  env: NodeJS.ProcessEnv,
  options: string[] = [],
  program: string[] = []
) {
  const port = 5000 + (process.pid % 1000)
  const variables = Object.entries({ ...env, PORT: `${port}`, HOST: '127.0.0.1' })
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const args = ['--detach', '--network', 'host', '--no-healthcheck', ...options, ...variables]
  const id = await docker('run', ...args, image, ...program)
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: async () => Number(await docker('inspect', '--format', '{{.State.Pid}}', id)),
    stop: async () => void (await docker('rm', '--force', id)),
    isKilled: async () =>
      (await docker('inspect', '--format', '{{.State.OOMKilled}}', id)) === 'true',
  }
}

/** Measures the milliseconds from `docker run` to the first response of the server. */
export function benchContainer(env: NodeJS.ProcessEnv, rounds: number): Promise<Table> {
  async function run(): Promise<Figures> {
    const start = performance.now()
    const { origin, stop } = await startContainer(env)
    try {
      await untilItResponds(origin)
      return { 'first greeting': performance.now() - start }
    } finally {
      await stop()
    }
  }
  return interleave('container', { service: run }, rounds)
}

/** Measures the server in containers with different memory and different sizes of the young generation. */
export function benchHeap(env: NodeJS.ProcessEnv, rounds: number, how: Load): Promise<Table> {
  const runs: Record<string, () => Promise<Figures>> = {}
  for (const memory of ['128m', '256m', '512m'])
    for (const megabytes of [undefined, 4, 8, 12, 16]) {
      const settings = ['min', 'max'].map((bound) => `--${bound}-semi-space-size=${megabytes}`)
      const program = [...(megabytes ? settings : []), '/var/task/main.mjs']
      const limits = ['--cpuset-cpus', '1', '--memory', memory, '--memory-swap', memory]
      const options = [...limits, '--entrypoint', 'node']
      runs[`${memory}, ${megabytes ?? 'default'}`] = () => loadWithin(env, options, program, how)
    }
  return interleave('heap', runs, rounds, '256m, default')
}

/** Measures a server; returns zeros if it is killed because it runs out of memory. */
async function loadWithin(
  env: NodeJS.ProcessEnv,
  options: string[],
  program: string[],
  how: Load
): Promise<Figures> {
  const container = await startContainer(env, options, program)
  const killed = { 'requests/s': 0, p50: 0, p99: 0, memory: 0 }
  let isKilled = false
  const stop = async () => {
    isKilled = await container.isKilled()
    await container.stop()
  }
  return load({ ...container, stop }, how).catch((error) => {
    if (isKilled) return killed
    throw error
  })
}

/**
 * Measures cold starts in the image, under Lambda's runtime client: the milliseconds from the start of
 * the process until it requests its first event, and until it has responded to that event.
 */
export async function benchRuntimeClient(
  subjects: Record<string, Subject>,
  folder: string,
  rounds: number
): Promise<Table> {
  const programs = Object.entries(subjects).map(([name, { handler, options }]) => {
    if (name === 'service')
      return [name, { args: [...imageOptions, '/var/task/main.mjs'], env: {} }]
    const [, task, module] = /(.*)\/(.*)\.cjs$/.exec(handler.replace(folder, '/subjects')) ?? []
    const env = { LAMBDA_TASK_ROOT: task, _HANDLER: `${module}.handler` }
    return [name, { args: [...options, '/var/task/aws-lambda-ric/index.mjs'], env }]
  })
  const mounts = [`${path('../..')}:/repository:ro`, `${folder}:/subjects:ro`]
  const child = spawn(
    'docker',
    [
      ...['run', '--rm', '--network', 'none', '--entrypoint', 'node'],
      ...mounts.flatMap((mount) => ['--volume', mount]),
      ...[image, '/repository/test/bench/in-image.ts'],
      ...[JSON.stringify(Object.fromEntries(programs)), `${rounds}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const exited = once(child, 'exit')
  const output = await text(child.stdout)
  const [code] = await exited
  if (code !== 0) throw new Error(`the measurement in the image ended with ${code}`)
  return JSON.parse(output)
}
