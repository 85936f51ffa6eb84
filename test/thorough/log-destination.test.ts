import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pLimit from 'p-limit'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting, statusFor } from '../support/greeting.ts'
import { freePort } from '../support/listen.ts'
import { collectOutput } from '../support/start-process.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

// It starts 20 servers, which takes minutes on a busy machine.
t.setTimeout(600_000)

const table = await startEmbeddedTable()
t.teardown(table.stop)
const fullDisk = '/dev/full'
const skip = existsSync(fullDisk) ? false : `there is no ${fullDisk}`

// No route has it, so that it needs no request to DynamoDB; its lines soon fill a pipe.
const longPath = `/${'a'.repeat(8000)}`

/** Starts a program of the service with its standard output in a file or pipe. */
function start(t: Test, program: string, stdout: number | Writable, env: NodeJS.ProcessEnv = {}) {
  const script = fileURLToPath(new URL(`../../${program}`, import.meta.url))
  const stdio: ('ignore' | 'inherit' | 'ipc' | number | Writable)[] = [
    'ignore',
    stdout,
    'inherit',
    'ipc',
  ]
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, ...lambdaEnvironment(table), LOG_LEVEL: 'info', ...env },
    stdio,
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { child, exited }
}

/** Starts the server, and waits until it serves. */
async function startServer(t: Test, stdout: number | Writable) {
  const port = await freePort()
  const env = { HOST: '127.0.0.1', PORT: `${port}` }
  const server = start(t, 'src/main.ts', stdout, env)
  const url = `http://127.0.0.1:${port}`
  const isUp = () => request(`${url}/health`).then(({ body }) => body.dump().then(() => true))
  while (!(await isUp().catch(() => false))) await delay(100)
  return { ...server, url }
}

/** Starts a program that reads lines. */
function startReader(t: Test) {
  const reader = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
  reader.stdin.on('error', () => {})
  const output = collectOutput(reader)
  t.teardown(() => void reader.kill('SIGKILL'))
  return { reader, output }
}

/** Starts the server behind a reader. */
async function startWithReader(t: Test) {
  const { reader, output } = startReader(t)
  const server = await startServer(t, reader.stdin)
  // The server alone writes to the reader.
  reader.stdin.destroy()
  return { ...server, reader, output }
}

async function status(url: string): Promise<number> {
  const { statusCode, body } = await request(url)
  await body.dump()
  return statusCode
}

async function expectEnd(
  t: Test,
  { child, exited }: { child: ChildProcess; exited: Promise<unknown> }
) {
  child.kill('SIGTERM')
  const [code] = Object(await exited)
  t.equal(code, 0)
}

t.test('the server ends when its log loses its reader at the same moment', async (t) => {
  const limit = pLimit(2)
  await limit.map(Array.from({ length: 20 }), async () => {
    const server = await startWithReader(t)
    const pending = Promise.all(Array.from({ length: 20 }, () => status(server.url + longPath)))
    pending.catch(() => {})
    await status(server.url + longPath)

    server.reader.kill('SIGKILL')

    await expectEnd(t, server)
    await pending.catch(() => {})
  })
})

t.test('the server serves, and ends, when its log has lost its reader', async (t) => {
  const server = await startWithReader(t)
  server.reader.kill('SIGKILL')
  await once(server.reader, 'exit')

  t.equal(await status(server.url + greeting('1').path), statusFor({ id: '1' }))
  t.equal(await status(server.url + longPath), 404)

  await expectEnd(t, server)
})

t.test('the server serves, and ends, when the disk of its log is full', { skip }, async (t) => {
  const server = await startServer(t, openSync(fullDisk, 'w'))

  t.equal(await status(server.url + greeting('1').path), statusFor({ id: '1' }))
  for (let count = 0; count < 200; count++) t.equal(await status(server.url + longPath), 404)

  await expectEnd(t, server)
})

t.test('the server serves, and ends, while the reader of its log does not read', async (t) => {
  const server = await startWithReader(t)
  server.reader.kill('SIGSTOP')

  for (let count = 0; count < 200; count++) t.equal(await status(server.url + longPath), 404)

  await expectEnd(t, server)
})

t.test('a reader that is late gets each line', async (t) => {
  const { output, reader, url } = await startWithReader(t)
  reader.kill('SIGSTOP')
  for (let count = 0; count < 100; count++) await status(url + longPath)

  reader.kill('SIGCONT')

  const lines = () => output.stdout.split('\n').filter((line) => line.includes(longPath))
  while (lines().length < 100) await once(reader.stdout, 'data')
  for (const line of lines()) t.equal(JSON.parse(line).status, 404)
})

async function invoke({ child }: { child: ChildProcess }): Promise<number> {
  const event = { httpMethod: 'GET', path: greeting('1').path, requestContext: { elb: {} } }
  child.send(event)
  const [response] = await once(child, 'message')
  return response.statusCode
}

t.test('the function responds, and ends, when its log has lost its reader', async (t) => {
  const { reader } = startReader(t)
  const instance = start(t, 'test/support/function-process.ts', reader.stdin)
  await once(instance.child, 'message')
  reader.stdin.destroy()
  reader.kill('SIGKILL')
  await once(reader, 'exit')

  t.equal(await invoke(instance), statusFor({ id: '1' }))
  t.equal(await invoke(instance), statusFor({ id: '1' }))

  instance.child.disconnect()
  t.strictSame(await instance.exited, [0, null])
})

t.test('the function responds, and ends, when the disk of its log is full', { skip }, async (t) => {
  const instance = start(t, 'test/support/function-process.ts', openSync(fullDisk, 'w'))
  await once(instance.child, 'message')

  t.equal(await invoke(instance), statusFor({ id: '1' }))
  t.equal(await invoke(instance), statusFor({ id: '1' }))

  instance.child.disconnect()
  t.strictSame(await instance.exited, [0, null])
})
