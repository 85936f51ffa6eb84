// Sends an event to a handler many times, one after the other, after as many times to warm up. Prints
// milliseconds.
const [, , path, event, expected, count] = process.argv
const module = await import(path)
const { handler } = module.handler ? module : module.default

async function handle() {
  const start = performance.now()
  const { body } = await handler(JSON.parse(event), { awsRequestId: 'bench' })
  if (body !== expected) throw new Error(body)
  return performance.now() - start
}

for (let i = 0; i < count; i++) await handle()
const times = []
for (let i = 0; i < count; i++) times.push(await handle())
times.sort((a, b) => a - b)
const at = (part) => times[Math.floor((times.length - 1) * part)]
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99) }))
process.exit()
