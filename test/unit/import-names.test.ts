import { PassThrough, Readable } from 'node:stream'
import { mock } from 'node:test'
import t from 'tap'
import { importNames } from '../../src/cli/import-names.ts'
import { ConfigError } from '../../src/config.ts'
import type { Name } from '../../src/hello/repository.ts'

/** Imports a file into a table in memory; returns what is stored and what is reported. */
async function run(file: string | Buffer, chunkSize = 65_536) {
  const bytes = Buffer.from(file)
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, index) =>
    bytes.subarray(index * chunkSize, (index + 1) * chunkSize)
  )
  const stored = new Map<string, string>()
  const rejected: string[] = []
  const written = await importNames(
    {
      async putNames(names) {
        for (const { id, name } of names) stored.set(id, name)
        return []
      },
    },
    Readable.from(chunks),
    { rejected: (line, reason) => rejected.push(`${line}: ${reason}`), progress() {} }
  )
  return { written, stored: Object.fromEntries(stored), rejected }
}

/** What an import of a file that is right has for a result. */
function complete(stored: Record<string, string>) {
  return { written: Object.keys(stored).length, stored, rejected: [] }
}

const twoNames = { e1: 'Ada', e2: 'Grace' }
const goodFiles: [what: string, file: string, stored: Record<string, string>][] = [
  ['LF', 'id,name\ne1,Ada\ne2,Grace\n', twoNames],
  ['CRLF', 'id,name\r\ne1,Ada\r\ne2,Grace\r\n', twoNames],
  ['CR', 'id,name\re1,Ada\re2,Grace\r', twoNames],
  ['CRLF after the headers and LF after the rows', 'id,name\r\ne1,Ada\ne2,Grace\n', twoNames],
  ['LF after the headers and CRLF after the rows', 'id,name\ne1,Ada\r\ne2,Grace\r\n', twoNames],
  ['CR after the headers and LF after the rows', 'id,name\re1,Ada\ne2,Grace\n', twoNames],
  ['a different end on each line', 'id,name\ne1,Ada\r\ne2,Grace\r', twoNames],
  ['different ends after quotes', '"id","name"\r\n"e1","Ada"\n"e2","Grace"\r', twoNames],
  ['no end on the last line', 'id,name\r\ne1,Ada\r\ne2,Grace', twoNames],
  [
    'line ends inside quotes, which stay as they are',
    'id,name\r\ne1,"A\nB\r\nC\rD"\r\ne2,"\r\n"\n',
    { e1: 'A\nB\r\nC\rD', e2: '\r\n' },
  ],
  ['a byte order mark', '\ufeffid,name\ne1,Ada\ne2,Grace\n', twoNames],
  ['a byte order mark in front of quotes', '\ufeff"id","name"\r\ne1,"Ada"\r\ne2,Grace', twoNames],
  ['empty lines', '\n\r\nid,name\n\ne1,Ada\r\n\r\n\re2,Grace\n\n', twoNames],
  ['lines of spaces', 'id,name\n  \ne1,Ada\n\t\ne2,Grace\n ', twoNames],
  ['empty rows of a spreadsheet', 'id,name\n,\ne1,Ada\n"",\ne2,Grace\n,\n', twoNames],
  ['other columns', 'a,name,a,id,,\n1,Ada,2,e1,3,4\n,Grace,,e2,,\n', twoNames],
  ['an id twice with the same name', 'id,name\ne1,Ada\ne2,Grace\ne1,Ada\n', twoNames],
  ['spaces around values', 'id,name\n e1, Ada \n', { ' e1': ' Ada ' }],
  ['quotes inside quotes', 'id,name\ne1,"""Ada"", ""A"""\n', { e1: '"Ada", "A"' }],
  [
    'characters of 2, 3 and 4 bytes',
    'id,name\né,Zoë\ne\u0301,李\n🙂,\ufffd\u2028\u0085\n',
    { é: 'Zoë', 'e\u0301': '李', '🙂': '\ufffd\u2028\u0085' },
  ],
  ['ids that are properties of objects', 'id,name\nconstructor,Ada\n', { constructor: 'Ada' }],
  ['only headers', 'id,name\n', {}],
]
for (const [what, file, stored] of goodFiles) {
  t.test(`a file with ${what} is stored exactly`, async (t) => {
    t.strictSame(await run(file), complete(stored))
    t.strictSame(await run(file, 1), complete(stored), 'also when it is read byte by byte')
  })
}

const badRows: [what: string, file: string, rejected: string[]][] = [
  [
    'more fields than headers',
    'id,name\nx1,Lovelace, Ada\ne1,Ada\n',
    ['2: the row must have as many fields as the headers (2); it has 3'],
  ],
  [
    'a comma at its end',
    'id,name\nx1,Ada,\ne1,Ada\n',
    ['2: the row must have as many fields as the headers (2); it has 3'],
  ],
  [
    'fewer fields than headers',
    'id,name,note\nx1,Ada\ne1,Ada,\nx2\n',
    [
      '2: the row must have as many fields as the headers (3); it has 2',
      '4: the row must have as many fields as the headers (3); it has 1',
    ],
  ],
  [
    'no id or an id that is too long',
    `id,name\n,Ada\n${'é'.repeat(1025)},Ada\ne1,Ada\n`,
    [2, 3].map((line) => `${line}: the id must be 1 to 2,048 bytes of UTF-8`),
  ],
  ['no name', 'id,name\nx1,\nx2,""\ne1,Ada', [2, 3].map((n) => `${n}: the name must not be empty`)],
  [
    'another name of an id',
    'id,name\ne1,Ada\ne1,Grace\ne1,ada\n',
    ['3: the id has another name in line 2', '4: the id has another name in line 2'],
  ],
]
for (const [what, file, rejected] of badRows) {
  t.test(`a row with ${what} is rejected, and the others are stored`, async (t) => {
    t.strictSame(await run(file), { written: 1, stored: { e1: 'Ada' }, rejected })
  })
}

t.test('another name of an id is found however far away the first one is', async (t) => {
  const rows = Array.from({ length: 1000 }, (_, index) => `id${index},Name ${index}\n`)
  const { written, rejected, stored } = await run(`id,name\n${rows.join('')}id0,Ada\nid1,Name 1\n`)
  t.equal(written, 1000)
  t.strictSame(rejected, ['1002: the id has another name in line 2'])
  t.equal(stored.id0, 'Name 0')
})

t.test('a row is reported by the line in which it begins', async (t) => {
  const file = '\r\nid,name\r\n\r\ne1,"A\r\nB\rC\nD"\r\n,"A\nB"\r\n,\r\nx1,\r\n'
  const rejected = ['8: the id must be 1 to 2,048 bytes of UTF-8', '11: the name must not be empty']
  t.match(await run(file), { written: 1, rejected })
  t.match(await run(file, 1), { written: 1, rejected })
})

t.test('a name is stored only if the item of its message fits into 400 KB', async (t) => {
  // Attribute names, id, sort key of 47 bytes, "Hello !", and 6 bytes of the number of "expires".
  const rest = 'PKSKdataexpires'.length + 47 + 'Hello !'.length + 6
  for (const id of ['1', 'é'.repeat(1024)]) {
    const longest = 409_600 - rest - Buffer.byteLength(id)
    for (const name of ['a'.repeat(longest), `é${'a'.repeat(longest - 2)}`]) {
      t.match(await run(`id,name\n${id},${name}\n`), { written: 1, rejected: [] })
      t.match(await run(`id,name\n${id},${name}a\n`), {
        written: 0,
        rejected: ['2: the name is too long: the item of its message would be larger than 400 KB'],
      })
    }
  }
})

const headers =
  /^The file must begin with a line of headers, separated by commas, .*; it begins with ".*"\.$/
const badFiles: [what: string, file: string | Buffer, message: RegExp][] = [
  ['that is empty', '', headers],
  ['of empty lines', '\n\n', headers],
  ['without headers', 'e1,Ada\n', headers],
  ['without an id header', 'name\nAda\n', headers],
  ['without a name header', 'id,\n1,Ada\n', headers],
  ['with two name headers', 'id,name,name\nx1,Ada,Grace\n', headers],
  ['with two id headers', 'id,id,name\nx1,x2,Ada\n', headers],
  ['with headers in another case', 'Id,Name\nx1,Ada\n', headers],
  ['with spaces around headers', 'id, name\nx1, Ada\n', headers],
  ['with semicolons', 'id;name\nx1;Ada\n', headers],
  ['with two byte order marks', '\ufeff\ufeffid,name\nx1,Ada\n', headers],
  ['in UTF-16 without a byte order mark', Buffer.from('id,name\nx1,Ada\n', 'utf16le'), headers],
]
const notUtf8: [what: string, file: Buffer, line: number][] = [
  ['in UTF-16', Buffer.from('\ufeffid,name\nx1,Ada\n', 'utf16le'), 1],
  ['in Windows-1252', Buffer.from('id,name\nx1,Ada\r\nZo\xeb,Zo\xeb\n', 'latin1'), 3],
  ['with a wrong byte after line ends of each kind', latin1('id,name\rx1,A\r\n\nx2,\xeb'), 4],
  ['with a wrong byte inside quotes', latin1('id,name\nx1,"A\r\nB\r\xeb"\n'), 4],
  ['with a cut character at its end', latin1('id,name\nx1,Zo\xc3'), 2],
  ['with a cut character at the end of a line', latin1('id,name\nx1,Zo\xc3\nx2,Ada\n'), 2],
  ['with an overlong character', latin1('id,name\nx1,\xc0\xaf\n'), 2],
  ['with a surrogate', latin1('id,name\nx1,\xed\xa0\x80\n'), 2],
]
for (const [what, file, line] of notUtf8)
  badFiles.push([
    what,
    file,
    new RegExp(`^The file must be UTF-8, but line ${line} is not\\. Save the file as UTF-8 `),
  ])
const notCsv: [what: string, file: string, line: number][] = [
  ['with a quote that is not closed', 'id,name\n"x1,Ada\n', 2],
  ['with a quote inside a field', 'id,name\nx1,"A\r\nB"\r\nx2,"Ada" Lovelace\n', 4],
  ['with text in front of a quote', 'id,name\nx1, "Ada"\n', 2],
  ['with a row that is too long', `id,name\nx1,"${'a'.repeat(1_000_000)}"\n`, 2],
]
for (const [what, file, line] of notCsv)
  badFiles.push([
    what,
    Buffer.from(file),
    new RegExp(`^The file is not valid CSV in the row that begins at line ${line}: [\\w ]+\\. `),
  ])
for (const [what, file, message] of badFiles) {
  t.test(`a file ${what} is refused`, async (t) => {
    for (const chunkSize of [65_536, file.length > 1000 ? 1000 : 1]) {
      const error = await run(file, chunkSize).catch((error: unknown) => error)
      t.ok(error instanceof ConfigError)
      t.match(error, { message })
    }
  })
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

const listener = { rejected() {}, progress() {} }

/** A file with so many names, made as it is read. */
function csvFile(count: number): Readable {
  return Readable.from(
    (function* () {
      yield Buffer.from('id,name\n')
      for (let id = 1; id <= count; id++) yield Buffer.from(`${id},Name ${id}\n`)
    })()
  )
}

t.test('names that DynamoDB does not take are sent again, until it takes them', async (t) => {
  const taken: Name[] = []
  const sizes: number[] = []
  async function putNames(names: Name[]): Promise<Name[]> {
    sizes.push(names.length)
    taken.push(...names.slice(0, 10))
    return names.slice(10)
  }

  const written = await importNames({ putNames }, csvFile(25), listener)

  t.equal(written, 25)
  t.strictSame(sizes, [25, 15, 5])
  t.strictSame(taken.length, new Set(taken.map(({ id }) => id)).size)
})

t.test('an import ends when DynamoDB takes no names for too long', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const clock = setInterval(() => mock.timers.tick(5000), 1)
  t.teardown(() => {
    clearInterval(clock)
    mock.timers.reset()
  })
  let calls = 0
  async function putNames(names: Name[]): Promise<Name[]> {
    calls++
    return names
  }

  const error = await importNames({ putNames }, csvFile(25), listener).catch((error) => error)

  t.ok(error instanceof ConfigError)
  t.match(error, {
    message: /^DynamoDB throttles the writes for too long\. .* import the file again/,
  })
  t.equal(calls, 17)
})

t.test('a failure of DynamoDB ends the import', async (t) => {
  const failure = new Error('a failure')
  let calls = 0
  async function putNames(): Promise<Name[]> {
    calls++
    throw failure
  }

  t.equal(await importNames({ putNames }, csvFile(1), listener).catch((error) => error), failure)
  t.equal(calls, 1)
})

t.test('a failure of the file ends the import', async (t) => {
  const file = new PassThrough()
  file.write('id,name\n')
  const failure = new Error('a failure')
  const importing = importNames({ putNames: async () => [] }, file, listener)
  file.destroy(failure)
  t.equal(await importing.catch((error) => error), failure)
})

t.test('a long file is not read further ahead than a short one', async (t) => {
  let read = 0
  let written = 0
  const file = csvFile(30_000).map((line) => {
    read++
    return line
  })
  let furthestAhead = 0
  async function putNames(names: Name[]): Promise<Name[]> {
    written += names.length
    furthestAhead = Math.max(furthestAhead, read - written)
    return []
  }

  t.equal(await importNames({ putNames }, file, listener), 30_000)
  t.ok(furthestAhead < 10_000, `${furthestAhead} rows`)
})
