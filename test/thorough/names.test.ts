import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { mock } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { names } from '../../src/cli/names.ts'
import { type EmbeddedTable, startEmbeddedTable } from '../support/embedded-table.ts'
import { listen } from '../support/listen.ts'
import { mockFailure, mockStack } from '../support/mocked-stack.ts'
import { endpoint, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

let table: EmbeddedTable
let data: TestData
t.before(async () => {
  table = await startEmbeddedTable()
  data = new TestData(table.repository)
  // As the AWS SDK reads its variables itself.
  Object.assign(process.env, lambdaEnvironment(table))
})
t.teardown(() => table.stop())

/** Runs the command, on a terminal or not; `answer` is what a person types. */
async function run(args: string[], { isTTY = false, answer = '', env = process.env } = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stdout = new PassThrough({ encoding: 'utf8' })
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
  const output = { stdout: '', stderr: '' }
  stdout.on('data', (text) => {
    output.stdout += text
  })
  stderr.on('data', (text) => {
    output.stderr += text
    // The prompt ignores what is typed before the next turn of the event loop.
    if (text.includes('(y/N)')) setTimeout(() => stdin.write(answer))
  })
  // On a database of this machine, the command removes the variables of the AWS SDK.
  const variables = { ...process.env }
  const code = await names(args, { env, stdin, stdout, stderr })
  Object.assign(process.env, variables)
  await new Promise(setImmediate)
  // Without colours, which depend on where the tests run.
  return { code, stdout: output.stdout, stderr: stripVTControlCharacters(output.stderr) }
}

function writeCsv(t: Test, text: string | Buffer): string {
  return `${t.testdir({ 'names.csv': text })}/names.csv`
}

/** Sets variables back to what they were, which may be nothing. */
function restore(variables: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

t.test('set stores a name, and get prints it', async (t) => {
  const id = data.newId(t)

  t.strictSame(await run(['set', id, 'Ada']), { code: 0, stdout: '', stderr: '' })
  t.strictSame(await run(['get', id]), { code: 0, stdout: 'Ada\n', stderr: '' })
})

t.test('--json prints a line of JSON', async (t) => {
  const id = data.newId(t)

  const set = await run(['set', id, 'Ada', '--json'])
  const get = await run(['--json', 'get', id])

  t.strictSame(JSON.parse(set.stdout), { id, name: 'Ada' })
  t.strictSame(JSON.parse(get.stdout), { id, name: 'Ada' })
})

t.test('get ends with 1 where there is no name', async (t) => {
  const { code, stdout, stderr } = await run(['get', data.newId(t)])
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^There is no name for "TEST.*"\.\n$/)
})

t.test('an id that cannot be a key is refused', async (t) => {
  for (const command of ['get', 'history'])
    t.match(await run(['--compose', command, '']), {
      code: 2,
      stderr: /^The id must be 1 to 2,048 bytes of UTF-8\.\n$/,
    })
})

const refusedNames: [what: string, name: string, reason: string][] = [
  ['is empty', '', 'the name must be 1 to 400,000 bytes'],
  ['is not well-formed Unicode', 'Ada\ud800', 'the id or the name is not UTF-8'],
  ['is not UTF-8 on the command line', 'Zo\ufffd', 'the id or the name is not UTF-8'],
  ['is too long for a greeting', 'a'.repeat(409_500), 'the name must be 1 to 400,000 bytes'],
]
for (const [what, name, reason] of refusedNames) {
  t.test(`set refuses a name that ${what}`, async (t) => {
    const id = data.newId(t)
    const { code, stdout, stderr } = await run(['set', id, name])
    t.match({ code, stdout }, { code: 2, stdout: '' })
    t.match(stderr, `The name is not stored: ${reason}`)
    t.equal(stderr.split('\n').length, 2)
    t.equal(await table.repository.getName(id), undefined)
  })
}

t.test('the longest name that set stores can be greeted, also for the longest id', async (t) => {
  const id = data.newId(t, 'a'.repeat(2004))
  t.equal(id.length, 2048)
  const name = 'a'.repeat(400_000)

  t.match(await run(['set', id, `${name}a`]), { code: 2 })
  t.match(await run(['set', id, name]), { code: 0 })
  await table.repository.putMessage(id, `Hello ${name}!`)
  t.strictSame(await data.messages(id), [`Hello ${name}!`])
})

t.test('set refuses an id that is not UTF-8 on the command line', async (t) => {
  t.match(await run(['set', 'Zo\ufffd', 'Ada']), { code: 2, stderr: /is not UTF-8/ })
})

t.test('history prints the messages, oldest first', async (t) => {
  const id = data.newId(t)
  const now = Date.now()
  mock.timers.enable({ apis: ['Date'] })
  t.teardown(() => mock.timers.reset())
  for (const [index, message] of ['one', 'two'].entries()) {
    mock.timers.setTime(now + index)
    await table.repository.putMessage(id, message)
  }
  const [first, second] = await data.history(id)

  const text = await run(['history', id])
  const json = await run(['history', id, '--json'])

  t.equal(text.stdout, `${first?.at}  one\n${second?.at}  two\n`)
  const lines = json.stdout.trimEnd().split('\n')
  t.strictSame(
    lines.map((line) => JSON.parse(line)),
    [first, second]
  )
  t.equal(text.code, 0)
})

t.test('history ends with 1 where there are no messages', async (t) => {
  const { code, stderr } = await run(['history', data.newId(t)])
  t.equal(code, 1)
  t.match(stderr, /^There are no messages for "TEST.*"\.\n$/)
})

t.test('forget --yes deletes name and messages', async (t) => {
  const id = await data.seed(t, 'Ada')
  await table.repository.putMessage(id, 'Hello Ada!')

  const { code, stdout } = await run(['forget', id, '--yes', '--json'])

  t.equal(code, 0)
  t.strictSame(JSON.parse(stdout), { id, forgotten: true })
  t.strictSame(await data.messages(id), [])
  t.equal(await table.repository.getName(id), undefined)
})

t.test('forget asks for confirmation, and deletes after a yes', async (t) => {
  const id = await data.seed(t, 'Ada')

  const { code, stderr } = await run(['forget', id], { isTTY: true, answer: 'y\n' })

  t.equal(code, 0)
  t.match(stderr, 'in the table test? (y/N)')
  t.equal(await table.repository.getName(id), undefined)
})

t.test('forget asks for confirmation, and deletes nothing without a yes', async (t) => {
  const id = await data.seed(t, 'Ada')

  const ctrlC = '\x03'
  for (const answer of ['\n', 'n\n', ctrlC])
    t.equal((await run(['forget', id], { isTTY: true, answer })).code, 1)

  t.equal(await table.repository.getName(id), 'Ada')
})

t.test('forget deletes nothing without --yes where there is no terminal', async (t) => {
  const id = await data.seed(t, 'Ada')

  t.match(await run(['forget', id]), {
    code: 2,
    stderr: /^The confirmation needs a terminal; use --yes /,
  })

  t.equal(await table.repository.getName(id), 'Ada')
})

t.test('import stores names, and says how many', async (t) => {
  const ids = Array.from({ length: 120 }, () => data.newId(t))
  const rows = ids.map((id, index) => `"Name, ""${index}""",${id},ignored`)
  const file = writeCsv(t, `\ufeffname,id,note\n${rows.join('\n')}\n`)

  t.match(await run(['import', file]), {
    code: 0,
    stdout: '120 names written to the table test, 0 rows rejected.\n',
    stderr: '',
  })

  for (const [index, id] of ids.entries())
    t.equal(await table.repository.getName(id), `Name, "${index}"`)
})

t.test('import can run again, with the same names or with others', async (t) => {
  const id = data.newId(t)

  for (const name of ['Ada', 'Ada', 'Grace']) {
    t.equal((await run(['import', writeCsv(t, `id,name\n${id},${name}\n`)])).code, 0)
    t.equal(await table.repository.getName(id), name)
  }
})

t.test('import ends with 1 when an id has two names, and stores the first one', async (t) => {
  const id = data.newId(t)
  const file = writeCsv(t, `id,name\n${id},Ada\n${id},Grace\n`)

  t.match(await run(['import', file]), {
    code: 1,
    stdout: '1 name written to the table test, 1 row rejected.\n',
    stderr: 'line 3: the id has another name in line 2\n',
  })
  t.equal(await table.repository.getName(id), 'Ada')
})

t.test('import leaves no temporary files, whether it ends well or not', async (t) => {
  const rows = Array.from({ length: 120 }, () => `${data.newId(t)},${'a'.repeat(4000)}\n`).join('')
  const files = { 'good.csv': `id,name\n${rows}`, 'bad.csv': `id,name\n${rows}"` }
  const folder = t.testdir({ ...files, tmp: {} })
  const { TMPDIR } = process.env
  t.teardown(() => restore({ TMPDIR }))
  process.env.TMPDIR = `${folder}/tmp`

  t.equal((await run(['import', `${folder}/good.csv`])).code, 0)
  t.equal((await run(['import', `${folder}/bad.csv`])).code, 2)
  t.strictSame(await readdir(`${folder}/tmp`), [])
})

t.test('import prints the rows that it rejects, and stores the others', async (t) => {
  const [good, nameless] = [data.newId(t), data.newId(t)]
  const rows = [
    `,Ada`,
    `${nameless},`,
    nameless,
    '',
    `${nameless},${'a'.repeat(410_000)}`,
    `${good},Ada`,
  ]
  const file = writeCsv(t, `id,name\n${rows.join('\n')}\n`)

  const { code, stdout, stderr } = await run(['import', file, '--json'])

  t.equal(code, 1)
  t.strictSame(JSON.parse(stdout), { written: 1, rejected: 4 })
  t.strictSame(stderr.split('\n'), [
    'line 2: the id must be 1 to 2,048 bytes of UTF-8',
    'line 3: the name must be 1 to 400,000 bytes of UTF-8',
    'line 4: the row must have as many fields as the headers (2); it has 1',
    'line 6: the name must be 1 to 400,000 bytes of UTF-8',
    '',
  ])
  t.equal(await table.repository.getName(good), 'Ada')
  t.equal(await table.repository.getName(nameless), undefined)
})

const badFiles: [what: string, text: string, line: RegExp][] = [
  ['without headers', 'a,b\n1,2\n', /^The file must begin with a line of headers, .* "a,b"\.\n$/],
  ['that is empty', '', /^The file must begin with a line of headers, .* ""\.\n$/],
  [
    'with a quote that is not closed',
    'id,name\n"1,Ada\n',
    /^The file is not valid CSV in the row that begins at line 2: Quote Not Closed\. .*\n$/,
  ],
]
for (const [what, text, stderr] of badFiles) {
  t.test(`import refuses a file ${what}`, async (t) => {
    t.match(await run(['import', writeCsv(t, text)]), { code: 2, stdout: '', stderr })
  })
}

t.test('import refuses a file in another encoding', async (t) => {
  const path = writeCsv(t, Buffer.from(`id,name\n${data.newId(t)},Zo\xeb\n`, 'latin1'))
  t.match(await run(['import', path]), {
    code: 2,
    stdout: '',
    stderr: /^The file must be UTF-8, but the row that begins at line 2 is not\. .*\n$/,
  })
})

t.test('import refuses a path that is not a file', async (t) => {
  const folder = t.testdir()
  for (const path of [folder, `${folder}/missing.csv`])
    t.match(await run(['import', path]), { code: 2, stderr: /^The file cannot be imported: .*\n$/ })
})

t.test('a wrong command ends with 2, and help with 0', async (t) => {
  t.match(await run(['rename', '1']), { code: 2, stderr: /unknown command/ })
  t.match(await run(['--help']), { code: 0, stdout: /history <id>/, stderr: '' })
  t.match(await run(['help', 'import']), { code: 0, stdout: /If an id occurs again,\s+the first/ })
})

t.test('a table that cannot be used ends with 2 and one line with the reason', async (t) => {
  const places: [args: string[], env: NodeJS.ProcessEnv, line: RegExp][] = [
    [
      [],
      { PORT: '1' },
      /^the table of npm start \(http:\/\/127\.0\.0\.1:2\) cannot be used: .*REFUSED/,
    ],
    [['--compose'], { DYNAMODB_PORT: '1' }, /^the table of docker compose .*:1\) cannot .*REFUSED/],
    [[], { DYNAMODB_TABLE_NAME: 'missing' }, /^the table missing cannot be used: .*[^.]\.\n$/],
    [
      [],
      { PORT: '65535' },
      /^PORT must leave the port after it to .*; it is 65535, the last one\.\n$/,
    ],
    [[], { PORT: '0' }, /^PORT must be the port of npm start; it is 0, which stands for any free /],
    [
      ['--compose'],
      { DYNAMODB_PORT: '0' },
      /^DYNAMODB_PORT must be a port number .* it is "0"\.\n$/,
    ],
    [['--compose'], { DYNAMODB_PORT: '65536' }, /^DYNAMODB_PORT must be .* it is "65536"\.\n$/],
    [['--compose'], { DYNAMODB_PORT: '80/x' }, /^DYNAMODB_PORT must be .* it is "80\/x"\.\n$/],
  ]
  for (const [args, env, stderr] of places)
    t.match(await run([...args, 'get', '1'], { env }), { code: 2, stderr })
})

t.test('an endpoint that is not DynamoDB ends with 2 and one line with the reason', async (t) => {
  const port = await listen(
    t,
    createServer((_request, response) => response.end('<html>'))
  )
  t.match(await run(['--compose', 'get', '1'], { env: { DYNAMODB_PORT: String(port) } }), {
    code: 2,
    stderr: /^the table of docker compose \(.*\) cannot be used: .*DynamoDB is not JSON\.\n$/,
  })
})

/** Has a DynamoDB with one name, in front of which requests are handled in a way. */
async function startSlow(t: Test, slow: (respond: () => void, request: IncomingMessage) => void) {
  const server = createServer((request, response) => {
    const body = JSON.stringify({
      Item: { PK: { S: '1' }, SK: { S: 'NAME#' }, data: { S: 'Ada' } },
    })
    slow(() => response.end(body), request)
  })
  return { DYNAMODB_PORT: String(await listen(t, server)) }
}

t.test('a tool waits for a table that takes 2 seconds for a response', async (t) => {
  const env = await startSlow(t, (respond) => setTimeout(respond, 2000))
  t.match(await run(['--compose', 'get', '1'], { env }), { code: 0, stdout: 'Ada\n', stderr: '' })
})

t.test('a tool waits for a table that closes its connections at first', async (t) => {
  let requests = 0
  const env = await startSlow(t, (respond, { socket }) => {
    requests++
    if (requests <= 3) socket.destroy()
    else respond()
  })
  t.match(await run(['--compose', 'get', '1'], { env }), { code: 0, stdout: 'Ada\n', stderr: '' })
})

t.test('the table of a stack is found by its name', async (t) => {
  const id = await data.seed(t, 'Ada')
  const outputs = { HelloPersonApi: 'https://example.com/hello/{id}', DynamoDBTableName: 'test' }
  mockStack(t, outputs)
  const env = { AWS_DEFAULT_REGION: 'local' }

  t.match(await run(['--stack', 'hello', 'get', id], { env }), { code: 0, stdout: 'Ada\n' })
})

t.test('an unexpected failure is thrown', async (t) => {
  const failure = new Error('a failure')
  mockFailure(t, failure)
  t.equal(await run(['--stack', 'hello', 'get', '1']).catch((error) => error), failure)
})

t.test('the table of npm start is found by its port', async (t) => {
  const { printed } = startProcess(t, t.testdir())
  const { port } = new URL(await printed(endpoint))

  const { code, stdout } = await run(['get', '1'], { env: { PORT: String(Number(port) - 1) } })

  t.match({ code, stdout }, { code: 0, stdout: 'Ada\n' })
})

t.test('it is a program', async (t) => {
  const id = data.newId(t)
  const start = (...args: string[]) =>
    startProcess(t, t.testdir(), lambdaEnvironment(table), 'cli/names.ts', ...args).ended()

  t.match(await start('set', id, 'Ada'), { code: 0 })
  t.match(await start('get', id), { code: 0, stdout: 'Ada\n' })
  t.match(await start('get', data.newId(t)), { code: 1 })
})

/** Runs the tool as a program with an output of the test's choice; returns the code and the errors. */
async function runInto(output: number | 'gone', ...args: string[]) {
  const script = fileURLToPath(new URL('../../src/cli/names.ts', import.meta.url))
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...lambdaEnvironment(table) },
    stdio: ['ignore', output === 'gone' ? 'pipe' : output, 'pipe'],
  })
  // As head -n 1, which ends after a line.
  child.stdout?.once('data', () => child.stdout?.destroy())
  const [stderr, [code]] = await Promise.all([
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ])
  return { code, stderr }
}

t.test('a tool ends quietly when the reader of its output is gone', async (t) => {
  const id = data.newId(t)
  // More than a pipe holds.
  for (let i = 0; i < 10; i++) await table.repository.putMessage(id, 'a'.repeat(50_000))

  t.strictSame(await runInto('gone', 'history', id), { code: 141, stderr: '' })
})

t.test('a tool whose output cannot be written ends with 2 and one line', async (t) => {
  const id = await data.seed(t, 'Ada')
  const full = await open('/dev/full', 'w')
  t.teardown(() => full.close())
  const csv = writeCsv(t, `id,name\n${id},Grace\n`)

  for (const args of [['get', id], ['import', csv], ['--help']])
    t.match(await runInto(full.fd, ...args), {
      code: 2,
      stderr: /^The output cannot be written: ENOSPC: .*\.\n$/,
    })
  t.equal(await table.repository.getName(id), 'Grace')
})

t.test('an import goes on when its errors cannot be written', async (t) => {
  const id = data.newId(t)
  const stderr = new Writable({ write: (_chunk, _encoding, done) => done(new Error('a failure')) })
  const stdout = new PassThrough({ encoding: 'utf8' })
  const csv = writeCsv(t, `id,name\n,Ada\n${id},Ada\n`)

  const terminal = { env: process.env, stdin: new PassThrough(), stdout, stderr }
  t.equal(await names(['import', csv], terminal), 1)

  t.equal(await table.repository.getName(id), 'Ada')
})

t.test('these tests leave no data behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
