import { type BuildOptions, build, type Plugin } from 'esbuild'

/** Takes the place of a module in the function's bundle, to shorten its cold start. */
interface Substitute {
  module: string
  /** The importing files that get the substitute; all others get the module. */
  importer: RegExp
  contents: string
}

/**
 * What the function does not load at a cold start. Without any of this, a cold start takes 6 % longer;
 * `npm run build -- --plain` leaves it out.
 */
const substitutes: Substitute[] = [
  // Fastify creates its default compilers of schemas, though the app then sets others (app.ts).
  {
    module: '@fastify/ajv-compiler',
    importer: /\/node_modules\/fastify\//,
    contents: throwOnUse('@fastify/ajv-compiler'),
  },
  {
    module: '@fastify/fast-json-stringify-compiler',
    importer: /\/node_modules\/fastify\//,
    contents: throwOnUse('@fastify/fast-json-stringify-compiler'),
  },
  // Fastify uses these to listen and to check the versions of plugins.
  {
    module: 'node:http2',
    importer: /\/node_modules\/fastify\//,
    contents: loadOnUse('node:http2'),
  },
  { module: 'semver', importer: /\/node_modules\/fastify\//, contents: loadOnUse('semver') },
  // The SDK looks for a native CRC-32 there. Without one, it takes its own.
  { module: 'node:zlib', importer: /\/node_modules\/@smithy\/core\//, contents: '' },
]

/** As Fastify uses a compiler's package: it exports a factory of factories. */
function throwOnUse(module: string): string {
  return `module.exports = () => () => {
    throw new Error('The bundle of the function has no ${module}. To include it, remove it from src/image/cold-start-plugins.ts.')
  }`
}

/** As CommonJS modules use a module: by its properties. */
function loadOnUse(module: string): string {
  return `module.exports = new Proxy({}, { get: (_, name) => require('${module}')[name] })`
}

const substitute: Plugin = {
  name: 'substitute',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /./ }, ({ importer, path, resolveDir }) => {
      const found = substitutes.find((each) => each.module === path && each.importer.test(importer))
      const pluginData = { contents: found?.contents, resolveDir }
      return found && { path, namespace: 'substitute', pluginData }
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
  return {
    name: 'load-on-call',
    setup({ onEnd, onLoad, onResolve }) {
      onResolve({ filter: /./ }, ({ path }) => {
        if (path === module) return { path, namespace: 'load-on-call' }
        return path === `${chunk}.cjs` ? { path, external: true } : undefined
      })
      onLoad({ filter: /./, namespace: 'load-on-call' }, async () => ({
        contents: Object.entries(await import(module))
          .filter(([, value]) => typeof value === 'function')
          .map(
            ([name]) =>
              `export const ${name} = (...args) => require('${chunk}.cjs').${name}(...args)`
          )
          .join('\n'),
      }))
      onEnd(async () => {
        await build({
          ...options,
          entryPoints: { [chunk]: module },
          outExtension: { '.js': '.cjs' },
          format: 'cjs',
        })
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
