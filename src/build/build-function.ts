import { basename } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { sharedOptions } from './bundle.ts'
import { coldStartPlugins } from './cold-start-plugins.ts'

/**
 * Bundles a Lambda function into a folder: its script, which can have a code cache
 * (function-script.ts), and lambda.cjs, which runs that script. `plugins` are for the script.
 */
export async function buildFunction(entryPoint: string, outdir: string, plugins: Plugin[] = []) {
  const options = { ...sharedOptions, outdir }
  const { metafile } = await build({
    ...options,
    entryPoints: { function: entryPoint },
    entryNames: '[name]-[hash]',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    // Node.js loads its built-in modules faster by require.
    supported: { 'dynamic-import': false },
    banner: { js: '(function (exports, require, module) {' },
    footer: { js: '})' },
    metafile: true,
    plugins: [...plugins, ...(await coldStartPlugins(options)), ...options.plugins],
  })
  const script = Object.keys(metafile.outputs).find((path) => path.endsWith('.cjs'))

  await build({
    ...options,
    entryPoints: { lambda: 'src/build/function-loader.ts' },
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: {
      functionScript: JSON.stringify(basename(`${script}`)),
      'import.meta.dirname': '__dirname',
    },
  })
}
