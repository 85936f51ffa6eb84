import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { pipeline, type Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { ConfigError } from '../config.ts'
import { isPartitionKey } from '../dynamodb/partition-key.ts'
import type { Name, Repository } from '../hello/repository.ts'

// The item of a message has up to 400 KiB: the name, 2,048 bytes of the id, and about 100 of its own.
const maxNameBytes = 400_000
const writesAtOnce = 100
const namesPerReport = 10_000

/** Returns why a name cannot be stored and greeted, or `undefined` if it can. */
export function explainInvalid({ id, name }: Name): string | undefined {
  if (!isPartitionKey(id)) return 'the id must be 1 to 2,048 bytes of UTF-8'
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > maxNameBytes) return 'the name must be 1 to 400,000 bytes of UTF-8'
  return undefined
}

/**
 * Stores the names of a CSV file. The memory does not grow with the file.
 *
 * @param report receives a line for each row that is rejected, and for each 10,000 names
 * @returns the number of names that were written, and of rows that were rejected
 * @throws {ConfigError} when the headers are wrong, or the file is not UTF-8 or not CSV
 * @throws the error of the file, or of DynamoDB
 */
export async function importNames(
  repository: Pick<Repository, 'putName'>,
  file: Readable,
  report: (line: string) => void
) {
  // In a temporary file, and only as hashes, since ids and names may be personal data.
  using database = new DatabaseSync('')
  database.exec('CREATE TABLE rows (id TEXT PRIMARY KEY, name TEXT, line INTEGER) WITHOUT ROWID')
  const findOrAdd = database.prepare(
    'INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET line = line RETURNING name, line'
  )
  let names: Name[] = []
  let written = 0
  let rejected = 0

  function rejection(row: Row): string | undefined {
    const reason = row.reason ?? explainInvalid(row)
    if (reason) return reason
    const nameHash = hash('sha256', row.name)
    const first = findOrAdd.get(hash('sha256', row.id), nameHash, row.line)
    if (first?.line === row.line) names.push(row)
    else if (first?.name !== nameHash) return `the id has another name in line ${first?.line}`
    return undefined
  }

  async function write(): Promise<void> {
    await Promise.all(names.map(({ id, name }) => repository.putName(id, name)))
    written += names.length
    names = []
    if (written % namesPerReport === 0) report(`${written.toLocaleString('en')} names written`)
  }

  for await (const row of readRows(file)) {
    const reason = rejection(row)
    if (reason) {
      rejected++
      report(`line ${row.line}: ${reason}`)
    }
    if (names.length === writesAtOnce) await write()
  }
  if (names.length > 0) await write()
  return { written, rejected }
}

interface Row extends Name {
  /** The line in which the row begins; the first line is 1. */
  line: number
  /** Why the row cannot be read. */
  reason: string | undefined
}

const advice = 'and import the file again; some rows before it may be stored.'

async function* readRows(file: Readable): AsyncGenerator<Row> {
  let line = 1

  /** Decodes a row, with its line in front of its fields; skips an empty one. */
  function decode(record: string[]): string[] | undefined {
    const bytes = record.map((field) => Buffer.from(field, 'latin1'))
    if (!bytes.every((field) => isUtf8(field)))
      throw new ConfigError(
        `The file must be UTF-8, but the row that begins at line ${line} is not. Save it as UTF-8 ${advice}`
      )
    const fields = bytes.map(String)
    const row = [String(line), ...fields]
    // csv-parse counts a \r\n inside quotes as two lines.
    line += fields.join().split(/\r\n|\n|\r/).length
    // Empty rows of a spreadsheet have commas; a row of spaces in several fields is not empty.
    const text = fields.length === 1 ? fields.join().trim() : fields.join('')
    return text === '' ? undefined : row
  }

  const rows = parse({
    // By default, the first line end of the file is the only one.
    record_delimiter: ['\r\n', '\n', '\r'],
    // Keeps the bytes: csv-parse would replace those that are not UTF-8.
    encoding: 'latin1',
    relax_column_count: true,
    // Bounds the memory for the rest of the file after a quote that is not closed.
    max_record_size: 800 * 1024,
    on_record: decode,
  })
  // The error of each of them reaches the loop over the rows.
  pipeline(file, skipByteOrderMark, rows, () => {})
  let headers: string[] | undefined
  try {
    for await (const row of rows) {
      const [line, ...fields]: string[] = row
      if (headers) yield toRow(Number(line), fields, headers)
      else headers = checkHeaders(fields)
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const [reason] = error.message.split(':')
    throw new ConfigError(
      `The file is not valid CSV in the row that begins at line ${line}: ${reason}. Correct it ${advice}`
    )
  }
  if (!headers) checkHeaders([])
}

/** csv-parse takes a byte order mark as text, or with `bom`, decodes the file itself. */
async function* skipByteOrderMark(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isStart = true
  let bytes = Buffer.alloc(0)
  for await (const chunk of file) {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length < 3) continue
    yield isStart && bytes.indexOf('\ufeff') === 0 ? bytes.subarray(3) : bytes
    isStart = false
    bytes = Buffer.alloc(0)
  }
  yield bytes
}

function checkHeaders(headers: string[]): string[] {
  const isUnique = (header: string) => headers.filter((each) => each === header).length === 1
  if (isUnique('id') && isUnique('name')) return headers
  throw new ConfigError(
    `The file must begin with a line of headers, separated by commas, with exactly one id and one name (in lower case, without spaces); it begins with ${JSON.stringify(headers.join(',').slice(0, 200))}.`
  )
}

function toRow(line: number, fields: string[], headers: string[]): Row {
  const [id = '', name = ''] = ['id', 'name'].map((header) => fields[headers.indexOf(header)])
  const reason =
    fields.length === headers.length
      ? undefined
      : `the row must have as many fields as the headers (${headers.length}); it has ${fields.length}`
  return { line, id, name, reason }
}
