import { readFileSync } from 'node:fs'
import { createRequire, SourceMap } from 'node:module'
import { Script } from 'node:vm'
import type { LambdaResponse } from '@fastify/aws-lambda'

interface FunctionExports {
  handler?(event: unknown, context: { awsRequestId: string }): Promise<LambdaResponse>
}

/**
 * Runs the bundle of the function, which is a script, so that it can have a code cache: V8 need not
 * compile what the first request uses. V8 rejects a cache that another V8 has made, and then compiles.
 *
 * @param cachedData of this very source: V8 compares no more than its length
 */
export function runFunctionScript(filename: string, cachedData?: Buffer) {
  const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData })
  const module: { exports: FunctionExports } = { exports: {} }
  const run: (exports: object, require: NodeJS.Require, module: object) => void =
    script.runInThisContext()
  run(module.exports, createRequire(filename), module)
  return { script, exports: module.exports }
}

/** Makes stack traces name the sources of a script; Node.js maps only those of modules. */
export function mapStackTraces(filename: string): void {
  let map: SourceMap | undefined
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) => {
      if (frame.getFileName() !== filename) return frame
      map ??= new SourceMap(JSON.parse(readFileSync(`${filename}.map`, 'utf8')))
      const [line, column] = [Number(frame.getLineNumber()), Number(frame.getColumnNumber())]
      const origin = map.findOrigin(line, column)
      if (!('fileName' in origin)) return frame
      const place = `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`
      return String(frame).replace(`${filename}:${line}:${column}`, place)
    })
    return [error, ...lines].join('\n    at ')
  }
}
