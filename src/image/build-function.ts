import { basename } from 'node:path'
import { build } from 'esbuild'
import { loadingLate, options, unused, without } from './bundling.ts'

/**
 * Bundles a function of Lambda into a folder: its script, which can have a code cache
 * (function-script.ts), and lambda.cjs, which runs that script.
 */
export async function buildFunction(entryPoint: string, outdir: string): Promise<void> {
  const { metafile } = await build({
    ...options,
    entryPoints: { function: entryPoint },
    outdir,
    entryNames: '[name]-[hash]',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    // Node.js loads its built-in modules faster by require.
    supported: { 'dynamic-import': false },
    banner: { js: '(function (exports, require, module) {' },
    footer: { js: '})' },
    metafile: true,
    plugins: [
      without(
        ...unused,
        // A function has its credentials from its environment (lambda.ts).
        '@aws-sdk/credential-provider-node',
        // Pino asks whether it runs in a worker, and the SDK whether Node.js has a faster CRC-32.
        'worker_threads',
        'node:zlib'
      ),
      loadingLate('node:http2', 'node:dns', 'semver'),
    ],
  })
  const script = Object.keys(metafile.outputs).find((path) => path.endsWith('.cjs')) ?? ''

  await build({
    ...options,
    entryPoints: ['src/image/lambda.ts'],
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: {
      functionScript: JSON.stringify(basename(script)),
      'import.meta.dirname': '__dirname',
    },
  })
}
