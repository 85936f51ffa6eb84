import { pipeline, type Readable } from 'node:stream'
import { parse } from 'csv-parse'
import pRetry from 'p-retry'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { ConfigError } from '../config.ts'
import { isPartitionKey } from '../dynamodb/partition-key.ts'
import type { Name, Repository } from '../hello/repository.ts'

/** What an import tells while it runs. */
export interface ImportListener {
  rejected(line: number, reason: string): void
  /** So many names are written, of so many bytes of the file. */
  progress(written: number, bytes: number): void
}

const Row = Type.Object({
  info: Type.Object({ lines: Type.Integer(), bytes: Type.Integer() }),
  record: Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
})

// DynamoDB takes 25 items at once; several such batches are under way, and none while they change.
const batchSize = 25
const batchesAtOnce = 8

/**
 * Stores the names of a CSV file, which has a line of headers with `id` and `name`. Of several rows
 * of an id, the last one counts. Rows that cannot be stored are told to the listener and passed over.
 * It keeps some thousand rows in memory, however long the file is, and can be run again: names replace themselves.
 *
 * @returns how many names were written
 * @throws {ConfigError} when the file has no such headers
 * @throws {CsvError} when it is no CSV any more, as after a quote that is not closed
 * @throws {DatabaseError} when DynamoDB fails
 */
export async function importNames(
  repository: Pick<Repository, 'putNames'>,
  file: Readable,
  listener: ImportListener
): Promise<number> {
  let headers: string[] = []
  const rows = parse({
    bom: true,
    columns(line: string[]) {
      headers = line
      return checkHeaders(line)
    },
    info: true,
    relax_column_count: true,
    // Bounds what a quote that nobody closes makes of the rest of the file.
    max_record_size: 2 * itemBytes,
  })
  // Either's error reaches the loop over the rows.
  pipeline(file, rows, () => {})

  let written = 0
  let names = new Map<string, string>()
  async function write(bytes: number): Promise<void> {
    await writeNames(repository, names)
    written += names.size
    names = new Map()
    listener.progress(written, bytes)
  }

  let bytes = 0
  for await (const row of rows) {
    const { info, record } = Value.Parse(Row, row)
    const { id = '', name = '' } = record
    const reason = rejection({ id, name })
    bytes = info.bytes
    if (reason) listener.rejected(info.lines, reason)
    else names.set(id, name)
    if (names.size === batchSize * batchesAtOnce) await write(bytes)
  }
  checkHeaders(headers)
  await write(bytes)
  return written
}

function checkHeaders(headers: string[]): string[] {
  if (headers.includes('id') && headers.includes('name')) return headers
  throw new ConfigError(
    `The file must begin with a line of headers, id and name among them; it begins with ${JSON.stringify(headers.join(','))}.`
  )
}

// An item is at most 400 KB. (Amazon DynamoDB Developer Guide, "Constraints")
const itemBytes = 400 * 1024

function rejection({ id, name }: Name): string | undefined {
  if (!isPartitionKey(id)) return 'the id must be 1 to 2,048 bytes of UTF-8'
  if (name === '') return 'the name is missing'
  if (Buffer.byteLength(`PKSKNAME#data${id}${name}`) > itemBytes)
    return 'the name is too long for an item of 400 KB'
  return undefined
}

async function writeNames(
  repository: Pick<Repository, 'putNames'>,
  names: Map<string, string>
): Promise<void> {
  const all = Array.from(names, ([id, name]) => ({ id, name }))
  const batches = Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) =>
    all.slice(index * batchSize, (index + 1) * batchSize)
  )
  await Promise.all(batches.map((batch) => writeBatch(repository, batch)))
}

class UnprocessedError extends Error {}

async function writeBatch(repository: Pick<Repository, 'putNames'>, batch: Name[]): Promise<void> {
  let rest = batch
  await pRetry(
    async () => {
      rest = await repository.putNames(rest)
      if (rest.length > 0) throw new UnprocessedError(`DynamoDB did not take ${rest.length} names`)
    },
    {
      retries: 10,
      minTimeout: 50,
      maxTimeout: 5000,
      randomize: true,
      // What the AWS SDK has given up is not tried again here.
      shouldRetry: ({ error }) => error instanceof UnprocessedError,
    }
  )
}
