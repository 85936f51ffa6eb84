import { createRequire } from 'node:module'
import type { Plugin } from 'esbuild'
import type { Test } from 'tap'
import { buildFunction } from '../../src/build/build-function.ts'
import { buildPlainFunction } from '../../src/build/bundle.ts'
import { startHandler } from './lambda.ts'

const require = createRequire(import.meta.url)

/** The image has the former, development the latter. */
export const builds = {
  'the built function': buildFunction,
  'the function built with --plain': buildPlainFunction,
}

/** Builds the function, and starts its handler until the test ends. */
export async function startBuilt(t: Test, name: keyof typeof builds, plugins: Plugin[] = []) {
  const folder = t.testdir()
  await builds[name]('src/lambda/handler.ts', folder, plugins)
  const started = await startHandler({}, () => require(`${folder}/lambda.cjs`).handler)
  t.teardown(started.stop)
  return started
}
