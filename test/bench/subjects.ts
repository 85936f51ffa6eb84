import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { buildFunction } from '../../src/build/build-function.ts'
import { example } from '../../src/resources.ts'

export const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A handler, and how it is run. */
export interface Subject {
  handler: string
  /** Of its export; by default, `handler`. */
  name?: string
  /** Of Node.js. */
  options: string[]
  /** The interpreter of a handler in Python. */
  python?: string
  /** The body of its responses; by default, that of the example. Empty if it may be any. */
  body?: string
}

/** Returns the words of a command that sends events to a handler, in a mode of processes/run.mjs. */
export function commandOf(
  { handler, name = 'handler', options, python, body = example.response.body }: Subject,
  mode: 'cold' | 'warm' | 'concurrent',
  event: object = example.event,
  count = 1
): string[] {
  const program = python
    ? [python, path('processes/run.py')]
    : [process.execPath, ...options, path('processes/run.mjs')]
  return [...program, handler, name, mode, JSON.stringify(event), body, `${count}`]
}

/** The options of Node.js in the image (Dockerfile). */
export const imageOptions = ['--min-semi-space-size=12', '--max-semi-space-size=12']

/** The function, as the image has it. */
export const service: Subject = {
  handler: path('../../dist/lambda.cjs'),
  options: imageOptions,
}

/** The words after `node` that start the service's server. */
export const server = [...imageOptions, path('../../dist/main.mjs')]

/** The changes that the service makes to the AWS SDK's client; each is a subject of its own. */
const tunings = ['aws4', 'user-agent', 'undici']

/** Returns the bare peer, without and with each of the tunings. */
export function tunedSubjects(folder: string): Record<string, Subject> {
  const names = ['bare', ...tunings.map((name) => `tunings/${name}`)]
  const subjects = names.map((name) => [
    name.replace('tunings/', ''),
    { handler: `${folder}/${name}.cjs`, options: [] },
  ])
  return Object.fromEntries(subjects)
}

/**
 * Builds the handlers to compare into a folder: the peers as `sam build` does, and one of them also as the
 * service is built for the image. The service itself is in dist.
 */
export async function buildSubjects(folder: string): Promise<Record<string, Subject>> {
  const names = ['bare', 'empty', 'naive-fastify', 'hono']
  await build({
    entryPoints: [...names, 'bare-server', ...tunings.map((name) => `tunings/${name}`)].map(
      (name) => path(`subjects/${name}.ts`)
    ),
    outdir: folder,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2020',
    outExtension: { '.js': '.cjs' },
  })
  const tricks = `${folder}/bare-with-tricks`
  await buildFunction(path('subjects/bare-with-tricks.ts'), tricks)
  await promisify(execFile)(process.execPath, [path('../../src/build/cache-code.ts'), tricks])

  const bundled = names.map((name) => [name, { handler: `${folder}/${name}.cjs`, options: [] }])
  return {
    service,
    ...Object.fromEntries(bundled),
    'bare, with tricks': { handler: `${tricks}/lambda.cjs`, options: imageOptions },
  }
}
