import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting, messageFor, seedPerson } from '../support/greeting.ts'
import { origin, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

t.test('main.ts serves HTTP where Lambda does not run it', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const person = await seedPerson(t, new TestData(table.repository))
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1' }

  const { ended, kill, printed } = startProcess(t, t.testdir(), env, 'main.ts')

  const { body } = await request(`${await printed(origin)}${greeting(person.id).path}`)
  t.equal(await body.text(), messageFor(person))
  kill('SIGTERM')
  t.match(await ended(), { code: 0, signal: null })
})

t.test('a malformed variable stops the start with one line', async (t) => {
  const env = { DYNAMODB_TABLE_NAME: 'test', PORT: 'abc' }

  const { code, stderr } = await startProcess(t, t.testdir(), env, 'main.ts').ended()

  t.equal(code, 1)
  t.match(stderr, /^PORT must be a port number .* it is "abc"\.\n$/)
})

t.test('a malformed variable stops the function with an error that names it', async (t) => {
  const env = { DYNAMODB_TABLE_NAME: 'test', AWS_ENDPOINT_URL_DYNAMODB: 'localhost:8000' }
  const program = '../test/support/function-process.ts'

  const { code, stderr } = await startProcess(t, t.testdir(), env, program).ended()

  t.equal(code, 1)
  t.match(stderr, /^ *ConfigError: AWS_ENDPOINT_URL_DYNAMODB must be an http or https URL, /m)
})

/** Starts the function with a substitute for the runtime client, which only the image has. */
function startFunction(t: Test, variables: NodeJS.ProcessEnv = {}, statement = '') {
  const folder = t.testdir({
    'runtime-client.mjs': `
      const { _HANDLER, LAMBDA_TASK_ROOT } = process.env
      console.log('handler', JSON.stringify({ _HANDLER, LAMBDA_TASK_ROOT }))
      console.log('workers', JSON.stringify([process.execArgv, process.env.UV_THREADPOOL_SIZE]))
      ${statement}
      setInterval(() => {}, 1000)
      // The real one would replace this process, which then could not print.
      process.execve = (file) => { console.log('replaced by', file); process.exit() }`,
    'substitute.mjs': `
      import { registerHooks } from 'node:module'
      const url = new URL('runtime-client.mjs', import.meta.url).href
      registerHooks({
        resolve: (specifier, context, next) =>
          specifier === 'aws-lambda-ric' ? { url, shortCircuit: true } : next(specifier, context)
      })`,
  })
  const substitute = pathToFileURL(`${folder}/substitute.mjs`)
  const env = {
    AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
    // The emulator of Lambda sets it to the last word of the command.
    _HANDLER: '/var/task/main.mjs',
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${substitute}`,
    ...variables,
  }
  return startProcess(t, folder, env, 'main.ts')
}

t.test('on Lambda, the runtime client gets the handler of the image', async (t) => {
  const { printed } = startFunction(t)

  t.strictSame(JSON.parse(await printed(/handler (.*)/)), {
    _HANDLER: 'lambda.handler',
    LAMBDA_TASK_ROOT: fileURLToPath(new URL('../../src', import.meta.url)),
  })
})

t.test('on Lambda, SIGTERM ends the process with 0', async (t) => {
  const { ended, kill, printed } = startFunction(t)
  await printed(/(handler)/)

  kill('SIGTERM')

  t.match(await ended(), { code: 0, signal: null, stdout: /^replaced by \/bin\/true$/m })
})

t.test(
  'on Lambda with concurrent events, threads remain for DNS, and workers get no options of Node.js',
  async (t) => {
    const { printed } = startFunction(t, { AWS_LAMBDA_MAX_CONCURRENCY: '64' })

    const [execArgv, threads] = JSON.parse(await printed(/workers (.*)/))

    t.strictSame(execArgv, [])
    // The runtime client starts 8 workers for each processor, and each occupies one thread.
    t.ok(threads > availableParallelism() * 8)
  }
)

const endings: [name: string, lines: number][] = [
  ['Error', 1],
  // The runtime client logs it.
  ['ConfigError', 0],
]
for (const [name, lines] of endings) {
  t.test(
    `on Lambda, an uncaught ${name} ends the process with 1 and ${lines} log lines`,
    async (t) => {
      const statement = `setImmediate(() => { throw Object.assign(new Error('a fault'), { name: '${name}' }) })`
      const { ended } = startFunction(t, {}, statement)

      const { code, stderr } = await ended()

      t.equal(code, 1)
      t.equal(stderr.match(/: a fault$/gm)?.length ?? 0, lines)
    }
  )
}
