// Loads a handler as Lambda's runtime client does, and sends it one event. Prints `ready`, and then the
// body of the response.
import { writeSync } from 'node:fs'

const [, , path, event] = process.argv
const module = await import(path)
const { handler } = module.handler ? module : module.default
writeSync(1, 'ready\n')
const { body } = await handler(JSON.parse(event), { awsRequestId: 'bench' })
writeSync(1, `${body}\n`)
process.exit()
