// Has a handler greet many times, one after the other, after as many to warm up; prints milliseconds.
const [, , path, event, greetings] = process.argv
const module = await import(path)
const { handler } = module.handler ? module : module.default

async function greet() {
  const start = performance.now()
  const { body } = await handler(JSON.parse(event), { awsRequestId: 'bench' })
  if (body !== 'Hello Ada!') throw new Error(body)
  return performance.now() - start
}

for (let i = 0; i < greetings; i++) await greet()
const times = []
for (let i = 0; i < greetings; i++) times.push(await greet())
times.sort((a, b) => a - b)
const at = (part) => times[Math.floor((times.length - 1) * part)]
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99) }))
process.exit()
