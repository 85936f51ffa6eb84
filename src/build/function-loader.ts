import { existsSync, readFileSync } from 'node:fs'
import { mapStackTraces, runFunctionScript } from './function-script.ts'

// The name has a hash of the script, so that a script of another build finds no cache.
declare const functionScript: string

const filename = `${import.meta.dirname}/${functionScript}`
const cache = `${filename}.cache`

mapStackTraces(filename)
const { exports } = runFunctionScript(filename, existsSync(cache) ? readFileSync(cache) : undefined)

/** The handler of the image, with its code cache. */
export const { handler } = exports
