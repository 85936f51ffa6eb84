import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { origin, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

t.test('without Lambda it serves HTTP', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const id = await new TestData(table.repository).seed(t, 'Ada')
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1' }

  const { ended, kill, printed } = startProcess(t, t.testdir(), env, 'main.ts')

  const { body } = await request(`${await printed(origin)}/hello/${id}`)
  t.equal(await body.text(), 'Hello Ada!')
  kill('SIGTERM')
  t.match(await ended(), { code: 0, signal: null })
})

t.test('a malformed variable stops it with one line', async (t) => {
  const env = { DYNAMODB_TABLE_NAME: 'hello', PORT: 'abc' }

  const { code, stderr } = await startProcess(t, t.testdir(), env, 'main.ts').ended()

  t.equal(code, 1)
  t.match(stderr, /^PORT must be a port number .* it is "abc"\.\n$/)
})

/** Starts the function with a stand-in for the runtime client, which only the image has. */
function startFunction(t: Test, variables: NodeJS.ProcessEnv = {}, then = '') {
  const folder = t.testdir({
    'runtime-client.mjs': `
      const { _HANDLER, LAMBDA_TASK_ROOT } = process.env
      console.log('handler', JSON.stringify({ _HANDLER, LAMBDA_TASK_ROOT }))
      console.log('workers', JSON.stringify([process.execArgv, process.env.UV_THREADPOOL_SIZE]))
      ${then}
      setInterval(() => {}, 1000)
      // The program that takes over, in a process that lives on to tell.
      process.execve = (file) => { console.log('then', file); process.exit() }`,
    'stand-in.mjs': `
      import { registerHooks } from 'node:module'
      const url = new URL('runtime-client.mjs', import.meta.url).href
      registerHooks({
        resolve: (specifier, context, next) =>
          specifier === 'aws-lambda-ric' ? { url, shortCircuit: true } : next(specifier, context)
      })`,
  })
  const standIn = pathToFileURL(`${folder}/stand-in.mjs`)
  const env = {
    AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
    // As the emulator of Lambda sets it: the last word of the command.
    _HANDLER: '/var/task/main.mjs',
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${standIn}`,
    ...variables,
  }
  return startProcess(t, folder, env, 'main.ts')
}

t.test('on Lambda it hands over, with its own handler', async (t) => {
  const { printed } = startFunction(t)

  t.strictSame(JSON.parse(await printed(/handler (.*)/)), {
    _HANDLER: 'lambda.handler',
    LAMBDA_TASK_ROOT: fileURLToPath(new URL('../../src', import.meta.url)),
  })
})

t.test('on Lambda SIGTERM ends it', async (t) => {
  const { ended, kill, printed } = startFunction(t)
  await printed(/(handler)/)

  kill('SIGTERM')

  t.match(await ended(), { code: 0, signal: null, stdout: /^then \/bin\/true$/m })
})

t.test(
  'on Lambda with several events at once, it leaves threads to DNS, and options to the process',
  async (t) => {
    const { printed } = startFunction(t, { AWS_LAMBDA_MAX_CONCURRENCY: '64' })

    const [execArgv, threads] = JSON.parse(await printed(/workers (.*)/))

    t.strictSame(execArgv, [])
    // Each worker of the runtime client, of which there are 8 for each processor, keeps one.
    t.ok(threads > availableParallelism() * 8)
  }
)

const endings: [name: string, lines: number][] = [
  ['Error', 1],
  // The runtime client has logged it.
  ['ConfigError', 0],
]
for (const [name, lines] of endings) {
  t.test(`on Lambda an uncaught ${name} ends it, with ${lines} of it in the log`, async (t) => {
    const statement = `setImmediate(() => { throw Object.assign(new Error('a fault'), { name: '${name}' }) })`
    const { ended } = startFunction(t, {}, statement)

    const { code, stderr } = await ended()

    t.equal(code, 1)
    t.equal(stderr.match(/: a fault$/gm)?.length ?? 0, lines)
  })
}
