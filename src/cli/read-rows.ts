import { pipeline, type Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { ConfigError } from '../config.ts'
import { decodeUtf8 } from './decode-utf8.ts'

interface Position {
  /** The line in which the row begins; the first line is 1. */
  line: number
  /** The bytes of the file up to the end of the row. */
  bytes: number
}

/** A row, with a reason if it cannot be read. */
export type Row = Position & ({ id: string; name: string } | { reason: string })

const Fields = Type.Array(Type.String())

// By default, csv-parse takes the first line end that it finds as the only one.
const lineEnds = ['\r\n', '\n', '\r'].map((end) => Buffer.from(end))

// Bounds the memory for the rest of the file after a quote that is not closed.
const recordBytes = 800 * 1024

/**
 * Reads the rows of a CSV file whose first line has the headers `id` and `name`. Other columns and
 * empty rows are ignored. A row that does not have as many fields as the headers has a reason
 * instead of an id and a name.
 *
 * @throws {ConfigError} when the headers are wrong, or the file is not UTF-8 or not CSV
 */
export async function* readRows(file: Readable): AsyncGenerator<Row> {
  // csv-parse counts a \r\n inside quotes as two lines.
  let line = 1
  const rows = parse({
    record_delimiter: lineEnds,
    relax_column_count: true,
    max_record_size: recordBytes,
    // In front of its fields, each row has its position.
    on_record(fields: string[], { bytes }) {
      const row = [String(line), String(bytes), ...fields]
      line += fields.join().split(/\r\n|\n|\r/).length
      return row
    },
  })
  // The error of each of them reaches the loop over the rows.
  pipeline(file, decodeUtf8, rows, () => {})

  let headers: string[] | undefined
  try {
    for await (const row of rows) {
      const [first, bytes, ...fields] = Value.Parse(Fields, row)
      if (isEmpty(fields)) continue
      if (headers)
        yield { line: Number(first), bytes: Number(bytes), ...readFields(fields, headers) }
      else headers = checkHeaders(fields)
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const [reason] = error.message.split(':')
    throw new ConfigError(
      `The file is not valid CSV in the row that begins at line ${line}: ${reason}. Correct the row and import the file again; some rows before it may be stored.`
    )
  }
  if (!headers) checkHeaders([])
}

/** Empty lines, also with invisible spaces, and the empty rows of a spreadsheet, which have commas. */
function isEmpty(fields: string[]): boolean {
  const text = fields.join('')
  return text === '' || (fields.length === 1 && text.trim() === '')
}

function checkHeaders(headers: string[]): string[] {
  const isUnique = (header: string) => headers.filter((each) => each === header).length === 1
  if (isUnique('id') && isUnique('name')) return headers
  throw new ConfigError(
    `The file must begin with a line of headers, separated by commas, with exactly one id and one name (in lower case, without spaces); it begins with ${JSON.stringify(headers.join(',').slice(0, 200))}.`
  )
}

function readFields(fields: string[], headers: string[]) {
  const id = fields[headers.indexOf('id')]
  const name = fields[headers.indexOf('name')]
  if (fields.length !== headers.length || id === undefined || name === undefined)
    return {
      reason: `the row must have as many fields as the headers (${headers.length}); it has ${fields.length}`,
    }
  return { id, name }
}
