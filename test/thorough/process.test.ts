import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { greeting, operations, statusFor } from '../support/greeting.ts'
import { listen } from '../support/listen.ts'
import { origin, startProcess } from '../support/start-process.ts'

// No name is stored.
const notFound = statusFor({ id: '1' })

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends the process with 0`, async (t) => {
    const { ended, kill, printed } = startProcess(t, t.testdir())
    await printed(/(Ctrl-C)/)

    kill(signal)

    t.match(await ended(), { code: 0, signal: null, stderr: '' })
  })
}

/** A DynamoDB that responds to reads at once, and to a write when the test calls the given function. */
async function startSlowDynamoDB(t: Test) {
  const writes = new EventEmitter()
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    if (String(request.headers['x-amz-target']).endsWith(operations[0])) response.end('{}')
    else writes.emit('write', () => response.end('{}'))
  })
  const port = await listen(t, server)
  const env = {
    DYNAMODB_TABLE_NAME: 'test',
    HOST: '127.0.0.1',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  }
  return { env, writes }
}

/** Starts the server, and a greeting whose write is in flight until the test calls `respond`. */
async function startGreeting(t: Test, folder: string, env: NodeJS.ProcessEnv = {}) {
  const database = await startSlowDynamoDB(t)
  const process = startProcess(t, folder, { ...database.env, ...env }, 'main.ts')
  const url = await process.printed(origin)
  const write = once(database.writes, 'write')
  const client = new AbortController()
  const response = request(`${url}${greeting('1').path}`, { signal: client.signal })
  response.catch(() => {})
  const disconnect = () => client.abort()
  const [respond] = await write
  return { ...process, disconnect, respond, response, url }
}

t.test('SIGTERM lets the request in flight end', async (t) => {
  const { ended, kill, respond, response, url } = await startGreeting(t, t.testdir())

  kill('SIGTERM')
  await refused(url)
  respond()

  const { headers, statusCode } = await response
  t.equal(statusCode, notFound)
  t.equal(headers.connection, 'close')
  t.match(await ended(), { code: 0, signal: null })
})

t.test('SIGTERM lets requests end that have arrived, but have not been read', async (t) => {
  const { ended, kill, printed } = startProcess(t, t.testdir())
  const url = await printed(origin)
  kill('SIGSTOP')
  const sockets = Array.from({ length: 10 }, () => connect(Number(new URL(url).port), '127.0.0.1'))
  const responses = sockets.map(async (socket) => {
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
    return text(socket)
  })
  // The kernel has accepted the connections, and then gets the requests.
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))

  kill('SIGTERM')
  kill('SIGCONT')

  for (const response of responses) t.match(await response, 'HTTP/1.1 200 OK')
  t.match(await ended(), { code: 0, signal: null })
})

t.test('SIGTERM does not wait for a connection without a request', async (t) => {
  const { ended, kill, printed } = startProcess(t, t.testdir())
  const socket = connect(Number(new URL(await printed(origin)).port), '127.0.0.1')
  await once(socket, 'connect')

  kill('SIGTERM')

  t.match(await ended(), { code: 0, signal: null })
})

for (const [name, signal, code] of [
  ['SIGTERM', 'SIGTERM', 1],
  ['Ctrl-C', 'SIGINT', 130],
] as const) {
  t.test(`a second ${name} ends the process at once`, async (t) => {
    const { ended, kill, response, url } = await startGreeting(t, t.testdir())
    const broken = t.rejects(response)

    kill(signal)
    await refused(url)
    kill(signal)

    await broken
    t.match(await ended(), { code })
  })
}

t.test('the signal that npm adds to a Ctrl-C does not count as a second Ctrl-C', async (t) => {
  const env = { npm_lifecycle_event: 'start' }
  const { ended, kill, respond, response, url } = await startGreeting(t, t.testdir(), env)

  kill('SIGINT')
  await refused(url)
  kill('SIGINT')
  respond()

  t.equal((await response).statusCode, notFound)
  t.match(await ended(), { code: 0, signal: null })
})

t.test(
  'after an uncaught error, the request in flight ends, and the process ends with 1',
  async (t) => {
    const folder = t.testdir({
      'fault.mjs': `process.on('SIGWINCH', () => { throw new Error('a fault') })`,
    })
    const env = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${folder}/fault.mjs` }
    const { ended, kill, respond, response, url } = await startGreeting(t, folder, env)

    kill('SIGWINCH')
    await refused(url)
    respond()

    t.equal((await response).statusCode, notFound)
    const { code, stdout } = await ended()
    t.equal(code, 1)
    t.match(stdout, /"level":"FATAL",.*"a fault"/)
  }
)

t.test('a client that closes its connection is not logged as an error', async (t) => {
  const { disconnect, printed } = await startGreeting(t, t.testdir())

  disconnect()

  t.equal(await printed(/"level":"(\w+)",[^\n]*"the client closed the connection"/), 'INFO')
})

/** Waits until connections to a URL are refused. */
async function refused(url: string): Promise<void> {
  const isRefused = () =>
    request(url).then(
      () => false,
      () => true
    )
  while (!(await isRefused())) await new Promise(setImmediate)
}
