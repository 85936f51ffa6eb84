import { type BuildOptions, build, type Plugin } from 'esbuild'
import { generateSchemaCompilers } from './schema-compilers.ts'

// A module that loads another one when that is called, constructed or read.
const onUse = (module: string) => `
  const load = () => require('${module}')
  module.exports = new Proxy(function () {}, {
    apply: (_, self, args) => load().apply(self, args),
    construct: (_, args) => new (load())(...args),
    get: (_, name) => load()[name],
  })`

// A module that loads another one when that is called with a false condition, or read.
const onFailure = (module: string) => `
  const load = () => require('${module}')
  module.exports = new Proxy(function () {}, {
    apply: (_, self, args) => args[0] || load().apply(self, args),
    get: (_, name) => load()[name],
  })`

const onCall = (module: string, names: string[]) =>
  names
    .map((name) => `export const ${name} = (...args) => require('${module}').${name}(...args)`)
    .join('\n')

// In place of a module that takes a millisecond to load.
const uptime = 'exports.performance = { now: () => 1000 * process.uptime() }'

// In place of a module for which Node.js loads 12 others.
const readFile = `
  import { readFileSync } from 'node:fs'
  export const readFile = async (...args) => readFileSync(...args)`

/**
 * Modules that are replaced in the function's bundle, each for the packages that it names. Without this
 * and `chunks`, a cold start takes more than a fifth longer.
 */
const substitutes: [importer: RegExp, module: string, contents: (module: string) => string][] = [
  // Loaded on use: a function does not listen, and registers no plugins whose versions Fastify checks.
  [/\/fastify\//, 'node:dns', onUse],
  [/\/fastify\//, 'node:http2', onUse],
  [/\/fastify\//, 'semver', onUse],
  // Loaded on use: a function does not log in a worker thread.
  [/\/pino\//, 'thread-stream', onUse],
  // Loaded when an assertion fails.
  [/\/node_modules\//, 'assert', onFailure],
  [/\/node_modules\//, 'node:assert', onFailure],
  [/\/lambda\/handler\.ts$/, 'node:assert/strict', onFailure],
  // Only pino's asynchronous destinations use it. The function has a synchronous one.
  [/\/pino\//, 'worker_threads', () => 'exports.isMainThread = true'],
  // Only for transports. To name the callers, V8 would look for all line ends of the script.
  [/\/pino\//, './lib/caller', () => 'module.exports = () => []'],
  // Fastify measures the time of a response with it.
  [/\/fastify\//, 'node:perf_hooks', () => uptime],
  // The SDK looks for the AWS configuration files with it.
  [/\/@smithy\/core\//, 'node:fs/promises', () => readFile],
  // Without Node.js's CRC-32, the SDK uses its own. DynamoDB's responses are not checked with it.
  [/\/@smithy\/core\//, 'node:zlib', () => ''],
]

/**
 * Modules that the function rarely needs, in separate bundles. (In one bundle, esbuild would defer the
 * evaluation of all modules that they share with the rest.)
 */
const chunks = [
  // Lambda usually sets the credentials in the environment (lambda/handler.ts).
  '@aws-sdk/credential-provider-node',
  // No operation of DynamoDB has an event stream.
  '@smithy/core/event-streams',
]

function substitute(compilers: Record<string, string>): Plugin {
  return {
    name: 'substitute',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /./, namespace: 'file' }, ({ importer, path, resolveDir }) => {
        const found = substitutes.find(([by, module]) => module === path && by.test(importer))
        const compiler = importer.includes('/fastify/') ? compilers[path] : undefined
        const contents = compiler ?? found?.[2](path)
        const pluginData = { contents, resolveDir }
        return contents === undefined
          ? undefined
          : { path: `${importer}:${path}`, namespace: 'substitute', pluginData }
      })
      onLoad({ filter: /./, namespace: 'substitute' }, ({ pluginData }) => pluginData)
    },
  }
}

function split(options: BuildOptions): Plugin {
  const nameOf = (module: string) => `./${module.replace('@', '').replaceAll('/', '-')}`
  return {
    name: 'split',
    setup({ onEnd, onLoad, onResolve }) {
      onResolve({ filter: /./ }, ({ kind, path }) => {
        if (!chunks.includes(path)) return undefined
        return kind === 'dynamic-import'
          ? { path: `${nameOf(path)}.cjs`, external: true }
          : { path, namespace: 'split' }
      })
      onResolve({ filter: /./, namespace: 'split' }, ({ path }) => ({ path, external: true }))
      onLoad({ filter: /./, namespace: 'split' }, async ({ path }) => {
        const exports = Object.entries(await import(path))
        const names = exports.flatMap(([name, value]) => (typeof value === 'function' ? name : []))
        return { contents: onCall(`${nameOf(path)}.cjs`, names) }
      })
      onEnd(async () => {
        const entryPoints = Object.fromEntries(chunks.map((module) => [nameOf(module), module]))
        await build({ ...options, entryPoints, outExtension: { '.js': '.cjs' }, format: 'cjs' })
      })
    },
  }
}

/**
 * The plugins of a function's bundle.
 *
 * @param options of the bundles beside it
 */
export async function coldStartPlugins(options: BuildOptions): Promise<Plugin[]> {
  return [substitute(await generateSchemaCompilers()), split(options)]
}
