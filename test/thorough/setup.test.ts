import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { listen } from '../support/listen.ts'
import { uselessSettings } from '../support/set-variables.ts'
import { startProcess } from '../support/start-process.ts'

const location = (endpoint: string) => ({
  DYNAMODB_TABLE_NAME: 'test',
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
})

function setUp(t: Test, env: NodeJS.ProcessEnv) {
  return startProcess(t, '.', env, 'local/setup.ts').ended()
}

t.test(
  'the set-up creates the table with sample names, and keeps existing items, whatever the settings for AWS',
  async (t) => {
    const table = await startEmbeddedTable()
    t.teardown(table.stop)
    await table.drop()
    const run = () => setUp(t, { ...uselessSettings(t), ...location(table.connection.endpoint) })

    const ready = 'The table "test" is ready, with its sample names.\n'
    t.match(await run(), { code: 0, stdout: ready })
    t.equal(await table.repository.getName('1'), 'Ada')

    await table.repository.putName('1', 'Grace')
    t.match(await run(), { code: 0, stdout: ready })
    t.equal(await table.repository.getName('1'), 'Grace')
  }
)

/** Returns options of Node.js that run a statement first. */
function first(statement: string): string {
  const { NODE_OPTIONS = '' } = process.env
  return `${NODE_OPTIONS} --import=data:text/javascript,${encodeURIComponent(statement)}`
}

// A second takes ten milliseconds, except in timeouts, which a busy machine needs.
const fastClock = first(`
  const { now } = Date
  const start = now()
  Date.now = () => start + (now() - start) * 100
  const slow = setTimeout
  globalThis.setTimeout = (act, ms, ...args) => slow(act, ms > 2000 ? ms : ms / 100, ...args)`)

/** Starts a DynamoDB that closes its connections, but for some operations. */
async function startBroken(t: Test, responses: Record<string, object> = {}) {
  const counts: Record<string, number> = {}
  const server = createServer((request, response) => {
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.')
    counts[operation] = (counts[operation] ?? 0) + 1
    const body = responses[operation]
    request.resume().on('end', () => {
      if (body) response.end(JSON.stringify(body))
      else request.socket.destroy()
    })
  })
  return { counts, endpoint: `http://127.0.0.1:${await listen(t, server)}` }
}

t.test('a database that is gone for a minute ends the set-up with one line', async (t) => {
  const { counts, endpoint } = await startBroken(t)

  t.match(await setUp(t, { ...location(endpoint), NODE_OPTIONS: fastClock }), {
    code: 1,
    stderr: `The table "test" at ${endpoint} cannot be prepared: TimeoutError: socket hang up.\n`,
  })
  t.strictSame(counts, { CreateTable: 60 })
})

t.test('a table that is not active after a minute ends the set-up with one line', async (t) => {
  const { endpoint } = await startBroken(t, {
    CreateTable: {},
    DescribeTable: { Table: { TableStatus: 'CREATING' } },
  })

  t.match(await setUp(t, { ...location(endpoint), NODE_OPTIONS: fastClock }), {
    code: 1,
    stderr: 'The table "test" must be active within a minute; it is not.\n',
  })
})

t.test('without an endpoint, the set-up ends with one line', async (t) => {
  t.match(await setUp(t, { DYNAMODB_TABLE_NAME: 'test' }), {
    code: 1,
    stderr: /^AWS_ENDPOINT_URL_DYNAMODB must be the URL of DynamoDB Local; it is not set\.\n$/,
  })
})

t.test('an unexpected failure of the set-up is thrown', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const NODE_OPTIONS = first('console.log = () => { throw new TypeError("a fault") }')

  const env = { ...location(table.connection.endpoint), NODE_OPTIONS }
  const { code, stderr } = await setUp(t, env)

  t.equal(code, 1)
  t.match(stderr, /TypeError: a fault\n {4}at /)
})
