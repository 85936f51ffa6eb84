import { PassThrough } from 'node:stream'
import { mock } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { names } from '../../src/cli/names.ts'
import { type EmbeddedTable, startEmbeddedTable } from '../support/embedded-table.ts'
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

/** Runs the command as on a terminal, or not; `answer` is what a person types. */
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
    // The prompt passes over what was typed before it is shown, until the next turn of the event loop.
    if (text.includes('(y/N)')) setTimeout(() => stdin.write(answer))
  })
  const code = await names(args, { env, stdin, stdout, stderr })
  await new Promise(setImmediate)
  // Without colours, which depend on where the tests run.
  return { code, stdout: output.stdout, stderr: stripVTControlCharacters(output.stderr) }
}

function writeCsv(t: Test, text: string): string {
  return `${t.testdir({ 'names.csv': text })}/names.csv`
}

t.test('set stores a name, and get prints it', async (t) => {
  const id = data.newId(t)

  t.strictSame(await run(['set', id, 'Ada']), { code: 0, stdout: '', stderr: '' })
  t.strictSame(await run(['get', id]), { code: 0, stdout: 'Ada\n', stderr: '' })
})

t.test('--json prints a line that machines can read', async (t) => {
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

t.test('what cannot be a key or a name is refused', async (t) => {
  t.match(await run(['--compose', 'get', '']), {
    code: 2,
    stderr: /^The id must be 1 to 2,048 bytes/,
  })
  t.match(await run(['set', data.newId(t), '']), { code: 2, stderr: /^The name must not be empty/ })
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

t.test('forget asks, and does it when told so', async (t) => {
  const id = await data.seed(t, 'Ada')

  const { code, stderr } = await run(['forget', id], { isTTY: true, answer: 'y\n' })

  t.equal(code, 0)
  t.match(stderr, 'in the table test? (y/N)')
  t.equal(await table.repository.getName(id), undefined)
})

t.test('forget asks, and does nothing unless told so', async (t) => {
  const id = await data.seed(t, 'Ada')

  const ctrlC = '\x03'
  for (const answer of ['\n', 'n\n', ctrlC])
    t.equal((await run(['forget', id], { isTTY: true, answer })).code, 1)

  t.equal(await table.repository.getName(id), 'Ada')
})

t.test('forget does nothing where nobody can be asked', async (t) => {
  const id = await data.seed(t, 'Ada')

  t.match(await run(['forget', id]), { code: 2, stderr: /say --yes/ })

  t.equal(await table.repository.getName(id), 'Ada')
})

t.test('import stores names, and says how many', async (t) => {
  const ids = Array.from({ length: 450 }, () => data.newId(t))
  const rows = ids.map((id, index) => `"Name, ""${index}""",${id},ignored`)
  const file = writeCsv(t, `\ufeffname,id,note\n${rows.join('\n')}\n`)

  t.match(await run(['import', file]), {
    code: 0,
    stdout: '450 names written to the table test, 0 rows rejected.\n',
    stderr: '',
  })

  for (const [index, id] of ids.entries())
    t.equal(await table.repository.getName(id), `Name, "${index}"`)
})

t.test('import can be run again, and the last row of an id counts', async (t) => {
  const id = data.newId(t)
  const file = writeCsv(t, `id,name\n${id},Ada\n${id},Grace\n`)

  for (const _ of ['once', 'again']) {
    t.equal((await run(['import', file])).code, 0)
    t.equal(await table.repository.getName(id), 'Grace')
  }
})

t.test('import tells the rows that it rejects, and stores the others', async (t) => {
  const [good, nameless] = [data.newId(t), data.newId(t)]
  const rows = [
    `,Ada`,
    `${nameless},`,
    nameless,
    `${nameless},${'a'.repeat(410_000)}`,
    `${good},Ada`,
  ]
  const file = writeCsv(t, `id,name\n${rows.join('\n')}\n`)

  const { code, stdout, stderr } = await run(['import', file, '--json'])

  t.equal(code, 1)
  t.strictSame(JSON.parse(stdout), { written: 1, rejected: 4 })
  t.strictSame(stderr.split('\n'), [
    'line 2: the id must be 1 to 2,048 bytes of UTF-8',
    'line 3: the name is missing',
    'line 4: the name is missing',
    'line 5: the name is too long for an item of 400 KB',
    '',
  ])
  t.equal(await table.repository.getName(good), 'Ada')
  t.equal(await table.repository.getName(nameless), undefined)
})

t.test('import shows a bar on a terminal', async (t) => {
  const file = writeCsv(t, `id,name\n${data.newId(t)},Ada\n,Ada\n`)

  const { stderr } = await run(['import', file], { isTTY: true })

  t.match(stderr, /\d+ % \| 1 names/)
  t.match(stderr, /line 3: the id must be/)
})

t.test('import tells of its progress where there is no terminal', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const rows = Array.from({ length: 10_000 }, (_, id) => `${id},Ada`)
  const file = writeCsv(t, `id,name\n${rows.join('\n')}\n`)
  const { AWS_ENDPOINT_URL_DYNAMODB } = process.env
  t.teardown(() => Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB }))
  Object.assign(process.env, lambdaEnvironment(table))

  const { stdout, stderr } = await run(['import', file])

  t.equal(stderr, '10,000 names written\n')
  t.match(stdout, /^10,000 names written to /)
})

const badFiles: [what: string, text: string, line: RegExp][] = [
  ['without headers', 'a,b\n1,2\n', /^The file must begin with a line of headers, .* "a,b"\.\n$/],
  ['that is empty', '', /^The file must begin with a line of headers, .* ""\.\n$/],
  ['with a quote that is not closed', 'id,name\n"1,Ada\n', /^The file is no CSV at line 2: Quote/],
]
for (const [what, text, stderr] of badFiles) {
  t.test(`import refuses a file ${what}`, async (t) => {
    t.match(await run(['import', writeCsv(t, text)]), { code: 2, stdout: '', stderr })
  })
}

t.test('import refuses what is no file', async (t) => {
  const folder = t.testdir()
  for (const path of [folder, `${folder}/missing.csv`])
    t.match(await run(['import', path]), { code: 2, stderr: /^The file must be one that can/ })
})

t.test('a wrong command ends with 2, and help with 0', async (t) => {
  t.match(await run(['rename', '1']), { code: 2, stderr: /unknown command/ })
  t.match(await run(['--help']), { code: 0, stdout: /history <id>/ })
})

t.test('a table that cannot be used is said, with the reason', async (t) => {
  const places: [args: string[], env: NodeJS.ProcessEnv, line: RegExp][] = [
    [
      [],
      { PORT: '1' },
      /^the table of npm start \(http:\/\/127\.0\.0\.1:2\) cannot be used: .*REFUSED/,
    ],
    [['--compose'], { DYNAMODB_PORT: '1' }, /^the table of docker compose .*:1\) cannot .*REFUSED/],
    [[], { DYNAMODB_TABLE_NAME: 'missing' }, /^the table missing cannot be used: /],
  ]
  for (const [args, env, stderr] of places)
    t.match(await run([...args, 'get', '1'], { env }), { code: 2, stderr })
})

t.test('the table of a stack is found by its name', async (t) => {
  const id = await data.seed(t, 'Ada')
  const outputs = { HelloPersonApi: 'https://example.com/hello/{id}', DynamoDBTableName: 'test' }
  mockStack(t, outputs)
  const env = { AWS_DEFAULT_REGION: 'local' }

  t.match(await run(['--stack', 'hello', 'get', id], { env }), { code: 0, stdout: 'Ada\n' })
})

t.test('a failure that only a developer can explain is thrown', async (t) => {
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

t.test('nothing of these tests is left behind', async (t) => {
  t.strictSame(await table.leftovers(), [])
})
