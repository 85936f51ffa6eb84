import { rm } from 'node:fs/promises'
import { build } from 'esbuild'
import { buildFunction } from './build-function.ts'
import { options, unused, without } from './bundling.ts'

/** Bundles the programs of the image, with source maps for their stack traces, into dist. */

// What another build has left, its names have other hashes.
await rm('dist', { recursive: true, force: true })

await buildFunction('src/lambda.ts', 'dist')

await build({
  ...options,
  entryPoints: ['src/main.ts', 'src/healthcheck.ts'],
  outdir: 'dist',
  plugins: [without(...unused)],
  splitting: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // Beside the bundle in the image.
  alias: { 'aws-lambda-ric': './aws-lambda-ric/index.mjs' },
  external: ['./aws-lambda-ric/index.mjs'],
  // For the packages in the bundle that are CommonJS.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)",
  },
})
