import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { startDynamoDBStub } from '../../src/build/dynamodb-stub.ts'
import { example } from '../../src/resources.ts'
import { type Figures, interleave } from './interleave.ts'

/**
 * Runs in a container of the image (container.ts): starts Lambda's runtime client over and over, and
 * serves the Runtime API, from which it gets its event. Prints a table. (AWS Lambda Developer Guide, "Using
 * the Lambda runtime API for custom runtimes")
 */
interface Program {
  args: string[]
  env: NodeJS.ProcessEnv
}

const [, , programs = '', rounds] = process.argv
const runtimeApi = createServer().listen(9001, '127.0.0.1')
await once(runtimeApi, 'listening')

const env = {
  ...process.env,
  ...(await startDynamoDBStub(example.database)),
  LOG_LEVEL: 'silent',
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
  AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
  AWS_LAMBDA_FUNCTION_NAME: 'function',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/function',
  AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
}

async function nextRequest(): Promise<[IncomingMessage, ServerResponse]> {
  const [request, response] = await once(runtimeApi, 'request')
  return [request, response]
}

async function start(program: Program): Promise<Figures> {
  const begin = performance.now()
  const child = spawn(process.execPath, program.args, {
    env: { ...env, ...program.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  const failed = exited.then(([code, signal]) =>
    Promise.reject(new Error(`${program.args} ended with ${code} ${signal}`))
  )
  const [, next] = await Promise.race([nextRequest(), failed])
  const ready = performance.now() - begin
  next.setHeader('Lambda-Runtime-Aws-Request-Id', 'bench')
  next.setHeader('Lambda-Runtime-Deadline-Ms', Date.now() + 10_000)
  // Without it, the runtime client crashes.
  next.setHeader('content-type', 'application/json')
  next.end(JSON.stringify(example.event))

  const [request] = await Promise.race([nextRequest(), failed])
  const result = JSON.parse(await text(request))
  const response = performance.now() - begin
  failed.catch(() => {})
  child.kill('SIGKILL')
  await exited
  runtimeApi.closeAllConnections()
  if (result.body !== example.response.body)
    throw new Error(`${program.args}: ${JSON.stringify(result)}`)
  return { ready, response }
}

const runs = Object.entries<Program>(JSON.parse(programs)).map(([name, program]) => [
  name,
  () => start(program),
])
const table = await interleave('cold, in the image', Object.fromEntries(runs), Number(rounds))
console.log(JSON.stringify(table))
process.exit()
