import type { BuildOptions, Plugin } from 'esbuild'

/** The options that all bundles of the image share. */
export const options = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Modules shake off more of what is unused than CommonJS does.
  mainFields: ['module', 'main'],
  // Not the identifiers: stack traces and the log name functions and classes.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
} satisfies BuildOptions

/** What the packages load, and the service does not use. */
export const unused = [
  // Fastify makes ready its compilers of schemas, though the app has set others (app.ts).
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  // The service logs in its own thread.
  'thread-stream',
  // No schema has the format of a host name.
  './idna/index.mjs',
  // No operation of DynamoDB streams events, and no browser runs this.
  '@smithy/core/event-streams',
  'bowser',
]

/** Leaves out modules. */
export function without(...modules: string[]): Plugin {
  return {
    name: 'without',
    setup({ onLoad, onResolve }) {
      const none = { path: 'none.cjs', namespace: 'without' }
      onResolve({ filter: /./ }, ({ path }) => (modules.includes(path) ? none : undefined))
      onLoad({ filter: /./, namespace: 'without' }, () => ({
        contents: 'module.exports = () => {}',
      }))
    },
  }
}

/** Has modules loaded not before something of them is used. */
export function loadingLate(...modules: string[]): Plugin {
  return {
    name: 'loading-late',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /./ }, ({ path, namespace, resolveDir }) =>
        modules.includes(path) && namespace !== 'late'
          ? { path, namespace: 'late', pluginData: resolveDir }
          : undefined
      )
      onLoad({ filter: /./, namespace: 'late' }, ({ path, pluginData: resolveDir }) => ({
        contents: `module.exports = new Proxy({}, { get: (_, name) => require('${path}')[name] })`,
        resolveDir,
      }))
    },
  }
}
