import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting, operations } from '../support/greeting.ts'
import { startHangingDynamoDB } from '../support/hanging-dynamodb.ts'
import { origin, startProcess } from '../support/start-process.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

const preload = (url: URL | string) => `${process.env.NODE_OPTIONS ?? ''} --import=${url}`
const useNotes = preload(new URL('../support/use-notes.ts', import.meta.url))

/** Starts the server; `line` waits for a line that matches. */
async function start(t: Test, env: NodeJS.ProcessEnv) {
  const variables = { ...env, HOST: '127.0.0.1', LOG_LEVEL: 'info' }
  const server = startProcess(t, t.testdir(), variables, 'main.ts')
  const line = async (pattern: string) =>
    JSON.parse(await server.printed(new RegExp(`^(.*${pattern}.*)\n`, 'm')))
  return { ...server, line, url: await server.printed(origin) }
}

async function startOnTable(t: Test, env: NodeJS.ProcessEnv = {}) {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  return start(t, { ...lambdaEnvironment(table), ...env })
}

t.test('the line of a request with a body has its requests to DynamoDB', async (t) => {
  const { line, url } = await startOnTable(t, { NODE_OPTIONS: useNotes })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  const headers = ['Host: test', 'Content-Type: application/json', 'Content-Length: 15']
  socket.write(['PUT /notes/a/b HTTP/1.1', ...headers, '', ''].join('\r\n'))
  // The body arrives later: the server reads the headers before it responds to another request.
  await (await request(`${url}/health`)).body.dump()
  socket.write('{"text":"text"}')

  const fields = await line('"path":"/notes/a/b"')
  t.match(fields, { method: 'PUT', status: 204, dynamodb: [{ ms: Number }] })
})

t.test(
  'the line of a request whose client has gone has its path and what was pending',
  async (t) => {
    const { connection, nextHanging, tableName } = await startHangingDynamoDB(t)
    const table = { connection, tableName }
    const { line, url } = await start(t, {
      DYNAMODB_TABLE_NAME: table.tableName,
      AWS_ENDPOINT_URL_DYNAMODB: `${connection.endpoint}`,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    })
    const hanging = nextHanging()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const { path } = greeting('1')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`)
    await hanging

    socket.destroy()

    const fields = await line('"reason":"client"')
    const [read, write] = operations
    t.match(fields, { level: 'INFO', path, dynamodb: [{ operation: read }, { operation: write }] })
    t.equal(fields.dynamodb[1].pending, true)
    t.equal(fields.status, undefined)
    t.ok(Number.isInteger(fields.ms))
  }
)

t.test('the server logs what it has started with, and its shutdown', async (t) => {
  const { ended, kill, line } = await startOnTable(t, { SERVICE_VERSION: '1.2.3' })

  t.match(await line('started'), {
    level: 'INFO',
    version: '1.2.3',
    table: 'test',
    region: 'local',
    node: process.version,
  })
  kill('SIGTERM')

  t.match(await line('shuts down'), { level: 'INFO', signal: 'SIGTERM' })
  t.match(await line('shut down'), { level: 'INFO' })
  t.match(await ended(), { code: 0, stderr: '' })
})

t.test('on a terminal, the program of `npm start` logs lines for people', async (t) => {
  const terminal = preload('data:text/javascript,process.stdout.isTTY=true')
  const { printed } = startProcess(t, t.testdir(), { NODE_OPTIONS: terminal })
  const url = await printed(/(http:\S+)/)
  const { path } = greeting('1')

  await once((await request(`${url}${path}`)).body.resume(), 'close')

  t.match(await printed(/(.* 200, \d+ ms)/), `GET ${path} 200`)
})
