// Loads a handler as Lambda's runtime client does, and has it greet once. Prints when it is ready, and
// what it answered.
import { writeSync } from 'node:fs'

const [, , path, event] = process.argv
const module = await import(path)
const { handler } = module.handler ? module : module.default
writeSync(1, 'ready\n')
const { body } = await handler(JSON.parse(event), { awsRequestId: 'bench' })
writeSync(1, `${body}\n`)
process.exit()
