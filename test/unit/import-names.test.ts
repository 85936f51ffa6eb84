import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { importNames } from '../../src/cli/import-names.ts'
import { ConfigError } from '../../src/config.ts'

/** Imports a file into a table in memory; returns what is stored and what is reported. */
async function run(file: string | Buffer, chunkSize = 65_536) {
  const bytes = Buffer.from(file)
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, index) =>
    bytes.subarray(index * chunkSize, (index + 1) * chunkSize)
  )
  const stored = new Map<string, string>()
  const rejected: string[] = []
  async function putName(id: string, name: string): Promise<void> {
    stored.set(id, name)
  }
  const result = await importNames({ putName }, Readable.from(chunks), (line) =>
    rejected.push(line.replace(/^line /, ''))
  )
  t.equal(result.rejected, rejected.length)
  return { written: result.written, stored: Object.fromEntries(stored), rejected }
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
  [
    'no name',
    'id,name\nx1,\nx2,""\ne1,Ada',
    [2, 3].map((n) => `${n}: the name must be 1 to 400,000 bytes of UTF-8`),
  ],
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
  const rejected = [
    '8: the id must be 1 to 2,048 bytes of UTF-8',
    '11: the name must be 1 to 400,000 bytes of UTF-8',
  ]
  t.match(await run(file), { written: 1, rejected })
  t.match(await run(file, 1), { written: 1, rejected })
})

t.test('a name is stored if it has at most 400,000 bytes', async (t) => {
  for (const name of ['a'.repeat(400_000), `é${'a'.repeat(399_998)}`]) {
    t.match(await run(`id,name\n1,${name}\n`), { written: 1, rejected: [] })
    t.match(await run(`id,name\n1,${name}a\n`), {
      written: 0,
      rejected: ['2: the name must be 1 to 400,000 bytes of UTF-8'],
    })
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
  ['with a wrong byte inside quotes', latin1('id,name\nx1,"A\r\nB\r\xeb"\n'), 2],
  ['with a cut character at its end', latin1('id,name\nx1,Zo\xc3'), 2],
  ['with a cut character at the end of a line', latin1('id,name\nx1,Zo\xc3\nx2,Ada\n'), 2],
  ['with an overlong character', latin1('id,name\nx1,\xc0\xaf\n'), 2],
  ['with a surrogate', latin1('id,name\nx1,\xed\xa0\x80\n'), 2],
]
for (const [what, file, line] of notUtf8)
  badFiles.push([
    what,
    file,
    new RegExp(
      `^The file must be UTF-8, but the row that begins at line ${line} is not\\. Save it as UTF-8 `
    ),
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

function ignore() {}

/** A file with so many names, made as it is read. */
function csvFile(count: number): Readable {
  return Readable.from(
    (function* () {
      yield Buffer.from('id,name\n')
      for (let id = 1; id <= count; id++) yield Buffer.from(`${id},Name ${id}\n`)
    })()
  )
}

t.test('each 10,000 names are reported', async (t) => {
  const reports: string[] = []
  await importNames({ putName: async () => {} }, csvFile(10_001), (line) => reports.push(line))
  t.strictSame(reports, ['10,000 names written'])
})

t.test('a failure of DynamoDB ends the import', async (t) => {
  const failure = new Error('a failure')
  let calls = 0
  async function putName(): Promise<void> {
    calls++
    throw failure
  }

  t.equal(await importNames({ putName }, csvFile(1), ignore).catch((error) => error), failure)
  t.equal(calls, 1)
})

t.test('a failure of the file ends the import', async (t) => {
  const file = new PassThrough()
  file.write('id,name\n')
  const failure = new Error('a failure')
  const importing = importNames({ putName: async () => {} }, file, ignore)
  file.destroy(failure)
  t.equal(await importing.catch((error) => error), failure)
})

t.test('a long file is not read further ahead than a short one', async (t) => {
  let read = 0
  let written = 0
  const file = csvFile(15_000).map((line) => {
    read++
    return line
  })
  let furthestAhead = 0
  let inFlight = 0
  let mostInFlight = 0
  async function putName(): Promise<void> {
    mostInFlight = Math.max(mostInFlight, ++inFlight)
    await new Promise(setImmediate)
    inFlight--
    written++
    furthestAhead = Math.max(furthestAhead, read - written)
  }

  t.strictSame(await importNames({ putName }, file, ignore), { written: 15_000, rejected: 0 })
  t.ok(furthestAhead < 10_000, `${furthestAhead} rows`)
  t.ok(mostInFlight <= 100, `${mostInFlight} requests in flight`)
})
