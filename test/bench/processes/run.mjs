// Loads a handler as Lambda's runtime client does, prints `ready`, and sends it events:
// - cold: one. Prints the body of the response.
// - warm: as many as `count`, one after the other, after as many to warm up. Prints the milliseconds of each.
// - concurrent: as many as `count`, 50 at once.
import { createRequire } from 'node:module'

// As the runtime client does. To import `node:fs` would also load `node:fs/promises`.
const { writeSync } = createRequire(import.meta.url)('node:fs')

const [, , path, name, mode, event, expected, count] = process.argv
const module = await import(path)
const handler = module[name] ?? module.default[name]
writeSync(1, 'ready\n')

async function send() {
  const { statusCode, body } = await handler(JSON.parse(event), { awsRequestId: 'bench' })
  if (statusCode !== 200 || (expected && body !== expected)) throw new Error(body)
  return body
}

async function time() {
  const start = performance.now()
  await send()
  return performance.now() - start
}

const modes = {
  cold: send,

  async warm() {
    for (let i = 0; i < count; i++) await time()
    const times = []
    for (let i = 0; i < count; i++) times.push(await time())
    return JSON.stringify(times)
  },

  async concurrent() {
    let started = 0
    const sendInTurn = async () => {
      while (started++ < count) await send()
    }
    await Promise.all(Array.from({ length: 50 }, sendInTurn))
    return ''
  },
}
writeSync(1, `${await modes[mode]()}\n`)
process.exit()
