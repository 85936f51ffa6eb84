import { build } from 'esbuild'

/** Bundles the programs of the image, with source maps for their stack traces, into dist. */
await build({
  entryPoints: ['src/main.ts', 'src/lambda.ts', 'src/healthcheck.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  platform: 'node',
  target: 'node24',
  // Modules shake off more of what is unused than CommonJS does.
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  // Beside the bundle in the image.
  alias: { 'aws-lambda-ric': './aws-lambda-ric/index.mjs' },
  external: ['./aws-lambda-ric/index.mjs'],
  // For the packages in the bundle that are CommonJS.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
})
