import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { SingleBar } from 'cli-progress'
import { build } from 'esbuild'
import { type Summary, summarize } from './statistics.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const event = JSON.stringify({
  httpMethod: 'GET',
  path: '/hello/1',
  pathParameters: { id: '1' },
  headers: { accept: '*/*' },
  requestContext: {
    resourcePath: '/hello/{id}',
    stage: 'Prod',
    path: '/Prod/hello/1',
    identity: { sourceIp: '192.0.2.1' },
  },
})

/** Milliseconds since a process was spawned. */
interface Start {
  ready: number
  response: number
}

export interface Cold {
  ready: Summary
  response: Summary
  /** The response of the subject divided by that of the peer in the same round. */
  ratio: Summary
}

/**
 * Cold starts: the time from the start of a process until its handler is loaded, and until it has
 * greeted once. The subjects take turns.
 */
export async function benchCold(rounds: number): Promise<Record<string, Cold>> {
  const folder = await mkdtemp(`${tmpdir()}/bench-`)
  const dynamodb = fork(path('dynamodb-process.ts'))
  try {
    const [env] = await once(dynamodb, 'message')
    const subjects = await bundleSubjects(folder)
    const starts = new Map<string, Start[]>()
    const bar = new SingleBar({ format: 'cold   {bar} {value}/{total} rounds' })
    bar.start(rounds, 0)
    // The first round warms the caches of the machine.
    for (let round = 0; round <= rounds; round++) {
      for (const [name, handler] of Object.entries(subjects)) {
        const start = await startHandler(handler, env)
        if (round > 0) starts.set(name, [...(starts.get(name) ?? []), start])
      }
      bar.update(round)
    }
    bar.stop()
    return summarizeStarts(starts)
  } finally {
    dynamodb.kill()
    await rm(folder, { recursive: true })
  }
}

/** Bundles the peers as `sam build` does; the service is in dist as it is in the image. */
async function bundleSubjects(outdir: string): Promise<Record<string, string>> {
  const names = ['bare', 'empty', 'naive-fastify']
  await build({
    entryPoints: names.map((name) => path(`subjects/${name}.ts`)),
    outdir,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2020',
    outExtension: { '.js': '.cjs' },
  })
  if (!(await readdir(path('../dist'))).some((name) => name.endsWith('.cache')))
    throw new Error('dist must have the bundle with its code cache')
  const peers = names.map((name) => [name, `${outdir}/${name}.cjs`])
  return { service: path('../dist/lambda.mjs'), ...Object.fromEntries(peers) }
}

async function startHandler(handler: string, env: NodeJS.ProcessEnv): Promise<Start> {
  const begin = performance.now()
  const child = fork(path('start-handler.mjs'), [handler, event], {
    execArgv: ['--enable-source-maps'],
    env: { ...env, LOG_LEVEL: 'silent' },
  })
  const exited = once(child, 'exit')
  const failed = exited.then(([code]) => Promise.reject(new Error(`${handler} ended with ${code}`)))
  await Promise.race([once(child, 'message'), failed])
  const ready = performance.now() - begin
  const [body] = await Promise.race([once(child, 'message'), failed])
  const response = performance.now() - begin
  if (body !== 'Hello Ada!') throw new Error(`${handler} answered ${body}`)
  await exited
  return { ready, response }
}

function summarizeStarts(starts: Map<string, Start[]>): Record<string, Cold> {
  const peer = starts.get('bare') ?? []
  const summaries = [...starts].map(([name, each]): [string, Cold] => [
    name,
    {
      ready: summarize(each.map(({ ready }) => ready)),
      response: summarize(each.map(({ response }) => response)),
      ratio: summarize(each.map(({ response }, i) => response / (peer[i]?.response ?? Number.NaN))),
    },
  ])
  return Object.fromEntries(summaries)
}
