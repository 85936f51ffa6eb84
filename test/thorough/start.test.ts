import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository, type Repository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { embeddedTableName } from '../../src/local/sample-names.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting, messageFor, seedPerson, statusFor } from '../support/greeting.ts'
import { freePort, listen } from '../support/listen.ts'
import { noAwsSettings, uselessSettings } from '../support/set-variables.ts'
import { endpoint, origin, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

// Most tests start processes.
t.setTimeout(300_000)

async function get(url: string) {
  const { statusCode, body } = await request(url)
  return { status: statusCode, body: await body.text() }
}

/** Connects to the embedded table of another process. */
function openTable(t: Test, endpoint: string): Repository {
  const client = createDynamoDBClient({ ...localConnection(endpoint), ...patience })
  t.teardown(() => client.destroy())
  return createRepository(DynamoDBDocumentClient.from(client), embeddedTableName)
}

t.test(
  'without a table, the start embeds one with sample names, and prints its URLs',
  async (t) => {
    const { printed } = startProcess(t, t.testdir())
    const data = new TestData(openTable(t, await printed(endpoint)))

    for (const [line, person] of [
      [/a greeting +(\S+)/, { id: '1', name: 'Ada' }],
      [/without a name +(\S+)/, { id: 'unknown' }],
    ] as const) {
      const message = messageFor(person)
      const url = await printed(line)
      t.strictSame(await get(url), { status: statusFor(person), body: message })
      t.strictSame(await data.messages(person.id), [message])
    }
  }
)

t.test('the embedded start listens only on 127.0.0.1', async (t) => {
  const { printed } = startProcess(t, t.testdir(), { HOST: '' })
  const { port } = new URL(await printed(origin))

  await t.rejects(get(`http://127.0.0.2:${port}/health`), { code: 'ECONNREFUSED' })
})

t.test('the embedded start and the tool for its table ignore the settings for AWS', async (t) => {
  const settings = uselessSettings(t)
  const { printed } = startProcess(t, t.testdir(), settings)
  const { port } = new URL(await printed(endpoint))

  t.equal((await get(await printed(/a greeting +(\S+)/))).status, 200)
  for (const [args, env] of [
    [[], { PORT: String(Number(port) - 1) }],
    [['--compose'], { DYNAMODB_PORT: port }],
  ] as const) {
    const variables = { ...settings, ...env }
    const tool = startProcess(t, '.', variables, 'cli/names.ts', ...args, 'get', '1')
    t.match(await tool.ended(), { code: 0, stdout: 'Ada\n', stderr: '' })
  }
})

t.test('a restart of the embedded start keeps names and messages', async (t) => {
  const folder = t.testdir()
  async function run(act: (repository: Repository) => Promise<void>): Promise<void> {
    const { ended, kill, printed } = startProcess(t, folder)
    await act(openTable(t, await printed(endpoint)))
    kill('SIGTERM')
    t.match(await ended(), { code: 0, signal: null })
  }

  await run(async (repository) => {
    await repository.putName('1', 'Grace')
    await repository.putMessage('1', 'a message')
  })

  await run(async (repository) => {
    t.equal(await repository.getName('1'), 'Grace')
    t.strictSame(await new TestData(repository).messages('1'), ['a message'])
  })
})

t.test('with a table, the start uses that table and embeds none', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const folder = t.testdir()
  const data = new TestData(table.repository)
  const person = await seedPerson(t, data)

  const { printed } = startProcess(t, folder, { ...lambdaEnvironment(table), LOG_LEVEL: 'info' })
  const { body } = await get(`${await printed(origin)}${greeting(person.id).path}`)

  t.equal(body, messageFor(person))
  t.strictSame(await data.messages(person.id), [messageFor(person)])
  t.notOk(existsSync(`${folder}/.dynamodb`))
})

const refusals: [what: string, env: NodeJS.ProcessEnv, line: RegExp][] = [
  ['a malformed variable', { PORT: 'abc' }, /^PORT must be a port number .* it is "abc"\.\n$/],
  [
    'an endpoint without a table',
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' },
    /^DYNAMODB_TABLE_NAME must be a table at AWS_ENDPOINT_URL_DYNAMODB; it is not set\. .*\n$/,
  ],
  [
    'the last port',
    { PORT: '65535' },
    /^PORT must leave the port after it to the embedded DynamoDB; it is 65535, the last one\.\n$/,
  ],
  [
    'an address that is not of this machine',
    { HOST: '192.0.2.1' },
    /^HOST and PORT must be free to listen on: listen EADDRNOTAVAIL.*\n$/,
  ],
  [
    'no region',
    { DYNAMODB_TABLE_NAME: 'test', ...noAwsSettings },
    /^AWS_REGION must be the region of the table, .* it is not set\.\n$/,
  ],
  [
    'no credentials',
    { DYNAMODB_TABLE_NAME: 'test', ...noAwsSettings, AWS_REGION: 'local' },
    /^AWS credentials must be where the AWS SDK finds them, .* there are none: .*\.\n$/,
  ],
  [
    'a profile that does not exist',
    { DYNAMODB_TABLE_NAME: 'test', ...noAwsSettings, AWS_REGION: 'local', AWS_PROFILE: 'other' },
    /^AWS credentials must be .*; there are none: .*profile: \[other\].*\.\n$/,
  ],
  [
    'an endpoint that is no URL',
    { DYNAMODB_TABLE_NAME: 'test', AWS_ENDPOINT_URL_DYNAMODB: 'localhost:8000' },
    /^AWS_ENDPOINT_URL_DYNAMODB must be an http or https URL, .* it is "localhost:8000"\.\n$/,
  ],
]
for (const [what, env, line] of refusals) {
  t.test(`${what} stops the start with one line`, async (t) => {
    const { ended } = startProcess(t, t.testdir(), env)
    const { code, stderr } = await ended()
    t.equal(code, 1)
    t.match(stderr, line)
  })
}

t.test('a table that does not exist stops the start with one line', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const env = { ...lambdaEnvironment(table), DYNAMODB_TABLE_NAME: 'missing' }

  const { code, stderr } = await startProcess(t, t.testdir(), env).ended()

  t.equal(code, 1)
  t.match(stderr, /^DYNAMODB_TABLE_NAME must be a table that exists; there is no "missing" .*\n$/)
})

t.test('a busy port stops the start with one line', async (t) => {
  const PORT = String(await listen(t, createServer(), await freePort()))

  const { code, stderr } = await startProcess(t, t.testdir(), { PORT }).ended()

  t.equal(code, 1)
  t.match(stderr, /^HOST and PORT must be free to listen on: .*EADDRINUSE.*\n$/)
})

t.test('a busy port after it stops the embedded start with one line', async (t) => {
  const port = await freePort()
  await listen(t, createServer(), port + 1)

  const env = { PORT: String(port) }
  const { code, stderr } = await startProcess(t, t.testdir(), env).ended()

  t.equal(code, 1)
  t.match(stderr, /^PORT must leave the port after it to the embedded DynamoDB: .*EADDRINUSE.*\n$/)
})

t.test(
  'of several starts in one folder at once, one serves, and the others end with one line',
  async (t) => {
    const folder = t.testdir()
    const starts = Array.from({ length: 6 }, () => startProcess(t, folder))
    const serving = await Promise.any(
      starts.map(async ({ printed }, index) => {
        await printed(origin)
        return index
      })
    )

    for (const { ended } of starts.toSpliced(serving, 1)) {
      const { code, stderr } = await ended()
      t.equal(code, 1)
      t.match(stderr, /^The folder \.dynamodb must be free for the embedded DynamoDB .*\n$/)
    }
  }
)

t.test('a folder in use stops the start with one line', async (t) => {
  const folder = t.testdir()
  await startProcess(t, folder).printed(origin)

  const { code, stderr } = await startProcess(t, folder).ended()

  t.equal(code, 1)
  t.match(stderr, /^The folder \.dynamodb must be free for the embedded DynamoDB .*\n$/)
})

t.test(
  'a table that cannot be reached does not stop the start, and /ready responds with 503',
  async (t) => {
    const table = await startEmbeddedTable()
    await table.stop()
    const { printed } = startProcess(t, t.testdir(), {
      ...lambdaEnvironment(table),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
    })

    t.equal((await get(`${await printed(origin)}/ready`)).status, 503)
    t.ok(await printed(/("the table cannot be read yet")/))
  }
)
