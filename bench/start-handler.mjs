// A process that loads a handler, as Lambda's runtime client does, and has it greet once. It tells its
// parent when it is ready, and when it has the response.
const [, , path, event] = process.argv
const module = await import(path)
const { handler } = module.handler ? module : module.default
process.send('ready')
const { body } = await handler(JSON.parse(event), { awsRequestId: 'bench' })
process.send(body, () => process.exit())
