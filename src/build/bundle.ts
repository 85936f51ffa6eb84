import { readFile } from 'node:fs/promises'
import { type BuildOptions, build, type Plugin } from 'esbuild'

// A source map of the first character of a file only.
const sourceMap = Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString('base64')

/**
 * Maps stack traces to the sources of the service only: decoding a source map of all packages takes
 * longer than a request.
 */
const mapOwnSourcesOnly: Plugin = {
  name: 'map-own-sources-only',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const map = `//# sourceMappingURL=data:application/json;base64,${sourceMap}`
      return { contents: `${source}\n${map}` }
    })
  },
}

/**
 * Makes aws4 hash faster: Node.js takes 10 µs to recognize a Buffer as a key, and 1 µs to make a
 * KeyObject of it; `crypto.hash()` takes half the time of a Hash object. aws4 keeps a signing key for the
 * day, and so does the WeakMap.
 */
const hashFaster: Plugin = {
  name: 'hash-faster',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^crypto$/ }, ({ importer, path }) =>
      importer.includes('/aws4/') ? { path, namespace: 'hash-faster' } : undefined
    )
    onLoad({ filter: /./, namespace: 'hash-faster' }, () => ({
      contents: `
        const { createHmac, createSecretKey, hash } = require('node:crypto')
        const keys = new WeakMap()
        exports.createHmac = (algorithm, key) => {
          if (typeof key === 'string') return createHmac(algorithm, key)
          if (!keys.has(key)) keys.set(key, createSecretKey(key))
          return createHmac(algorithm, keys.get(key))
        }
        exports.createHash = (algorithm) => ({
          update: (data) => ({ digest: (encoding) => hash(algorithm, data, encoding) }),
        })`,
    }))
  },
}

/** The options that all bundles of the image share. */
export const sharedOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Unused exports of ECMAScript modules can be left out, those of CommonJS cannot.
  mainFields: ['module', 'main'],
  // Identifiers stay, since stack traces and the log contain them.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  // In separate files, so that the bundles are ASCII: V8 needs half the memory for them.
  legalComments: 'external',
  plugins: [hashFaster, mapOwnSourcesOnly],
} satisfies BuildOptions

/** Bundles a Lambda function into lambda.cjs in a folder, with nothing done for its cold start. */
export async function buildPlainFunction(
  entryPoint: string,
  outdir: string,
  plugins: Plugin[] = []
): Promise<void> {
  await build({
    ...sharedOptions,
    plugins: [...plugins, ...sharedOptions.plugins],
    entryPoints: { lambda: entryPoint },
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
  })
}

/** Bundles the server, and the program of the image's health check, into a folder. */
export async function buildServer(outdir: string): Promise<void> {
  await build({
    ...sharedOptions,
    entryPoints: { main: 'src/main.ts', healthcheck: 'src/server/healthcheck.ts' },
    outdir,
    // Modules that are imported dynamically are in separate files.
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    // Beside the bundle in the image.
    alias: { 'aws-lambda-ric': './aws-lambda-ric/index.mjs' },
    // Not in the image: a package tries whether another one is there, and the tests have it.
    external: ['./aws-lambda-ric/index.mjs', 'supports-color'],
    // For the packages in the bundle that are CommonJS.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)",
    },
  })
}
