import { rm } from 'node:fs/promises'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/** Bundles the programs of the image, with source maps for their stack traces, into dist. */

// Fastify makes ready its compilers of schemas, though the app has set others (app.ts).
const withoutSchemaCompilers: Plugin = {
  name: 'without-schema-compilers',
  setup({ onLoad, onResolve }) {
    const filter = /^@fastify\/(ajv|fast-json-stringify)-compiler$/
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }))
    onLoad({ filter, namespace: 'unused' }, () => ({ contents: 'module.exports = () => {}' }))
  },
}

const common = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Modules shake off more of what is unused than CommonJS does.
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  plugins: [withoutSchemaCompilers],
} satisfies BuildOptions

// What another build has left, its names have other hashes.
await rm('dist', { recursive: true, force: true })

// The function: a script of its own, for the sake of its code cache (function-script.ts).
const { metafile } = await build({
  ...common,
  entryPoints: { function: 'src/lambda.ts' },
  entryNames: '[name]-[hash]',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  // Node.js loads its built-in modules faster by require.
  supported: { 'dynamic-import': false },
  banner: { js: '(function (exports, require, module) {' },
  footer: { js: '})' },
  metafile: true,
})
const functionScript = Object.keys(metafile.outputs).find((path) => path.endsWith('.cjs')) ?? ''

await build({
  ...common,
  entryPoints: ['src/main.ts', 'src/healthcheck.ts', { in: 'src/image/lambda.ts', out: 'lambda' }],
  splitting: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  define: { functionScript: JSON.stringify(functionScript.replace('dist/', '')) },
  // Beside the bundle in the image.
  alias: { 'aws-lambda-ric': './aws-lambda-ric/index.mjs' },
  external: ['./aws-lambda-ric/index.mjs'],
  // For the packages in the bundle that are CommonJS.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
})
