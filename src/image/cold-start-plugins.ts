import { type BuildOptions, build, type Plugin } from 'esbuild'

// CommonJS modules use a module by its properties.
const onUse = (module: string) =>
  `module.exports = new Proxy({}, { get: (_, name) => require('${module}')[name] })`

// Fastify gets a factory of compilers from each package when it starts, whether it uses it or not.
const throwing = (module: string) => `module.exports = () => () => {
    throw new Error('The bundle of the function has no ${module}. To include it, remove its line from src/image/cold-start-plugins.ts.')
  }`

/**
 * Modules that a package does not get in the function's bundle, and what it gets in place of them, to
 * shorten the cold start by 7 %. All others that import them get the modules.
 */
const substitutes: [importer: RegExp, module: string, contents: (module: string) => string][] = [
  // The app sets its own compilers of schemas (app.ts).
  [/\/fastify\//, '@fastify/ajv-compiler', throwing],
  [/\/fastify\//, '@fastify/fast-json-stringify-compiler', throwing],
  // A function does not listen, and registers no plugins whose versions Fastify checks.
  [/\/fastify\//, 'node:dns', onUse],
  [/\/fastify\//, 'node:http2', onUse],
  [/\/fastify\//, 'semver', onUse],
  // Without a native CRC-32, the SDK takes its own; it checks no response of DynamoDB with it.
  [/\/@smithy\/core\//, 'node:zlib', () => ''],
  // Only of interest to pino's asynchronous destinations (lambda.ts).
  [/\/pino\//, 'worker_threads', () => 'exports.isMainThread = true'],
]

const substitute: Plugin = {
  name: 'substitute',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /./, namespace: 'file' }, ({ importer, path, resolveDir }) => {
      const found = substitutes.find(([by, module]) => module === path && by.test(importer))
      const pluginData = { contents: found?.[2](path), resolveDir }
      return found && { path: `${path} for ${importer}`, namespace: 'substitute', pluginData }
    })
    onLoad({ filter: /./, namespace: 'substitute' }, ({ pluginData }) => pluginData)
  },
}

/**
 * Loads a module when one of its functions is called, from a bundle of its own: in one bundle, esbuild
 * would defer the evaluation of all modules that both parts share.
 */
function loadOnCall(module: string, options: BuildOptions): Plugin {
  const chunk = `./${module.replace('@', '').replaceAll('/', '-')}`
  const outExtension = { '.js': '.cjs' }
  return {
    name: 'load-on-call',
    setup({ onEnd, onLoad, onResolve }) {
      onResolve({ filter: /./ }, ({ path }) => {
        if (path === module) return { path, namespace: 'load-on-call' }
        return path === `${chunk}.cjs` ? { path, external: true } : undefined
      })
      onLoad({ filter: /./, namespace: 'load-on-call' }, async () => {
        const exports = Object.entries(await import(module))
        const names = exports.flatMap(([name, value]) => (typeof value === 'function' ? name : []))
        const call = (name: string) => `(...args) => require('${chunk}.cjs').${name}(...args)`
        return { contents: names.map((name) => `export const ${name} = ${call(name)}`).join('\n') }
      })
      onEnd(async () => {
        await build({ ...options, entryPoints: { [chunk]: module }, outExtension, format: 'cjs' })
      })
    },
  }
}

/**
 * The plugins of a function's bundle.
 *
 * @param options of the bundles beside it
 */
export function coldStartPlugins(options: BuildOptions): Plugin[] {
  // Lambda usually sets the credentials in the environment (lambda.ts).
  return [substitute, loadOnCall('@aws-sdk/credential-provider-node', options)]
}
