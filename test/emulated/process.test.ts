import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { listen } from '../support/listen.ts'
import { origin, startProcess } from '../support/start-process.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends it cleanly`, async (t) => {
    const { ended, kill, printed } = startProcess(t, t.testdir())
    await printed(/(Ctrl-C)/)

    kill(signal)

    t.match(await ended(), { code: 0, signal: null, stderr: '' })
  })
}

/** A DynamoDB that answers every read at once, and writes not before it is told to. */
async function startSlowDynamoDB(t: Test) {
  const writes = new EventEmitter()
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    if (String(request.headers['x-amz-target']).endsWith('GetItem')) response.end('{}')
    else writes.emit('asked', () => response.end('{}'))
  })
  const port = await listen(t, server)
  const env = {
    DYNAMODB_TABLE_NAME: 'hello',
    HOST: '127.0.0.1',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  }
  return { env, writes }
}

/** Starts the server, and a greeting whose message is being written until it is `answer`ed. */
async function startGreeting(t: Test, folder: string, env: NodeJS.ProcessEnv = {}) {
  const database = await startSlowDynamoDB(t)
  const process = startProcess(t, folder, { ...database.env, ...env })
  const url = await process.printed(origin)
  const asked = once(database.writes, 'asked')
  const caller = new AbortController()
  const greeting = request(`${url}/hello/1`, { signal: caller.signal })
  greeting.catch(() => {})
  const leave = () => caller.abort()
  const [answer] = await asked
  return { ...process, answer, greeting, leave, url }
}

t.test('SIGTERM lets a greeting that is under way end', async (t) => {
  const { answer, ended, greeting, kill, url } = await startGreeting(t, t.testdir())

  kill('SIGTERM')
  await refused(url)
  answer()

  const { headers, statusCode } = await greeting
  t.equal(statusCode, 404)
  t.equal(headers.connection, 'close')
  t.match(await ended(), { code: 0, signal: null })
})

t.test('SIGTERM does not wait for a connection without a request', async (t) => {
  const { ended, kill, printed } = startProcess(t, t.testdir())
  const socket = connect(Number(new URL(await printed(origin)).port), '127.0.0.1')
  await once(socket, 'connect')

  kill('SIGTERM')

  t.match(await ended(), { code: 0, signal: null })
})

t.test('a second SIGTERM ends it at once', async (t) => {
  const { ended, greeting, kill, url } = await startGreeting(t, t.testdir())
  const broken = t.rejects(greeting)

  kill('SIGTERM')
  await refused(url)
  kill('SIGTERM')

  await broken
  t.match(await ended(), { code: 1 })
})

t.test('a second Ctrl-C ends it at once', async (t) => {
  const { ended, greeting, kill, url } = await startGreeting(t, t.testdir())
  const broken = t.rejects(greeting)

  kill('SIGINT')
  await refused(url)
  kill('SIGINT')

  await broken
  t.match(await ended(), { code: 130 })
})

t.test('the signal that npm adds to a Ctrl-C is no second one', async (t) => {
  const env = { npm_lifecycle_event: 'start' }
  const { answer, ended, greeting, kill, url } = await startGreeting(t, t.testdir(), env)

  kill('SIGINT')
  await refused(url)
  kill('SIGINT')
  answer()

  t.equal((await greeting).statusCode, 404)
  t.match(await ended(), { code: 0, signal: null })
})

t.test('an uncaught error lets a greeting end, is logged, and ends it with 1', async (t) => {
  const folder = t.testdir({
    'fault.mjs': `process.on('SIGWINCH', () => { throw new Error('a fault') })`,
  })
  const env = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${folder}/fault.mjs` }
  const { answer, ended, greeting, kill, url } = await startGreeting(t, folder, env)

  kill('SIGWINCH')
  await refused(url)
  answer()

  t.equal((await greeting).statusCode, 404)
  const { code, stdout } = await ended()
  t.equal(code, 1)
  t.match(stdout, /"level":60,.*"a fault"/)
})

t.test('a client that closes its connection is not logged as an error', async (t) => {
  const { leave, printed } = await startGreeting(t, t.testdir())

  leave()

  t.equal(await printed(/"level":(\d+),[^\n]*"the client closed the connection"/), '30')
})

/** Waits until nobody listens at a URL. */
async function refused(url: string): Promise<void> {
  const isRefused = () =>
    request(url).then(
      () => false,
      () => true
    )
  while (!(await isRefused())) await new Promise(setImmediate)
}
