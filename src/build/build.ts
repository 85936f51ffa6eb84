import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { buildFunction } from './build-function.ts'
import { buildPlainFunction, buildServer } from './bundle.ts'

/**
 * Bundles the programs of the image into dist, with source maps for their stack traces. With
 * `--plain`, the function has no code cache, and its bundle leaves nothing out.
 */
const { plain } = parseArgs({ options: { plain: { type: 'boolean' } } }).values

// The files of another build have other hashes in their names.
await rm('dist', { recursive: true, force: true })

if (plain) await buildPlainFunction('src/lambda/handler.ts', 'dist')
else {
  await buildFunction('src/lambda/handler.ts', 'dist')
  execFileSync(process.execPath, ['src/build/cache-code.ts', 'dist'], { stdio: 'inherit' })
}

await buildServer('dist')
