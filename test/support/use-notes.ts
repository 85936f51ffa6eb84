import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

// Replaces src/resources.ts with notes/resources.ts: in this process, for what is imported after this
// file (`await import()`, or `node --import`).
const source = String(new URL('../../src/', import.meta.url))
const resources = String(new URL('./notes/resources.ts', import.meta.url))

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isReplaced = specifier === './resources.ts' && context.parentURL?.startsWith(source)
    return nextResolve(isReplaced ? resources : specifier, context)
  },
})

/** Replaces it in a bundle. */
export const useNotes: Plugin = {
  name: 'use-notes',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/resources\.ts$/ }, () => ({ path: fileURLToPath(resources) }))
  },
}
