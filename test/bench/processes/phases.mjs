// Starts the built function step by step, as src/build/function-loader.ts does, and sends it one event.
// Prints the milliseconds of each step.
import { createRequire } from 'node:module'
import { Script } from 'node:vm'

// To import `node:fs` would also load `node:fs/promises`.
const { readdirSync, readFileSync } = createRequire(import.meta.url)('node:fs')

const [, , folder, event] = process.argv
const phases = {}
// Of `performance.now()`, which starts with the process.
let start = 0

function end(phase) {
  const now = performance.now()
  phases[phase] = now - start
  start = now
}

end('Node.js')
const name = readdirSync(folder).find((file) => /^function-.*\.cjs$/.test(file))
const filename = `${folder}/${name}`
const source = readFileSync(filename, 'utf8')
const cachedData = readFileSync(`${filename}.cache`)
end('read files')
const script = new Script(source, { filename, cachedData })
end('code cache')
const module = { exports: {} }
script.runInThisContext()(module.exports, createRequire(filename), module)
end('modules, app')
await module.exports.handler(JSON.parse(event), { awsRequestId: 'bench' })
end('first request')
console.log(JSON.stringify(phases))
process.exit()
