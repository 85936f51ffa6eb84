import type { Readable } from 'node:stream'
import pRetry from 'p-retry'
import { ConfigError } from '../config.ts'
import { explainUngreetable } from '../hello/greetable.ts'
import type { Name, Repository } from '../hello/repository.ts'
import { rememberNames } from './earlier-names.ts'
import { type Row, readRows } from './read-rows.ts'

/** Receives events while an import runs. */
export interface ImportListener {
  /** A row is not stored; the first line of the file is 1. */
  rejected(line: number, reason: string): void
  /** The number of names that are written, and of bytes of the file that are read. */
  progress(written: number, bytes: number): void
}

// DynamoDB takes 25 items at once. Several such batches are sent at the same time; rows are read in between.
const batchSize = 25
const batchesAtOnce = 8

/**
 * Stores the names of a CSV file, which must have a line of headers with `id` and `name`. Rows that
 * cannot be stored are passed to the listener. If an id occurs again, the first row counts, and a row
 * with another name is rejected. The memory does not grow with the file. An import can run again:
 * names replace themselves.
 *
 * @returns the number of names that were written
 * @throws {ConfigError} when the headers are wrong, the file is not UTF-8 or not CSV, or DynamoDB
 * throttles for long
 * @throws the AWS SDK's error when DynamoDB fails
 */
export async function importNames(
  repository: Pick<Repository, 'putNames'>,
  file: Readable,
  listener: ImportListener
): Promise<number> {
  const earlierNames = rememberNames()
  let written = 0
  let bytes = 0
  let names: Name[] = []

  async function write(): Promise<void> {
    await writeNames(repository, names)
    written += names.length
    names = []
    listener.progress(written, bytes)
  }

  function rejection(row: Row): string | undefined {
    if ('reason' in row) return row.reason
    const reason = explainUngreetable(row)
    if (reason) return reason
    const earlier = earlierNames.add(row)
    if (!earlier) names.push({ id: row.id, name: row.name })
    else if (!earlier.hasSameName) return `the id has another name in line ${earlier.line}`
    return undefined
  }

  try {
    for await (const row of readRows(file)) {
      bytes = row.bytes
      const reason = rejection(row)
      if (reason) listener.rejected(row.line, reason)
      if (names.length === batchSize * batchesAtOnce)
        await Promise.all([write(), earlierNames.save()])
    }
    await write()
    return written
  } finally {
    await earlierNames.close()
  }
}

async function writeNames(repository: Pick<Repository, 'putNames'>, names: Name[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(names.length / batchSize) }, (_, index) =>
    names.slice(index * batchSize, (index + 1) * batchSize)
  )
  await Promise.all(batches.map((batch) => writeBatch(repository, batch)))
}

class UnprocessedError extends ConfigError {}

async function writeBatch(repository: Pick<Repository, 'putNames'>, batch: Name[]): Promise<void> {
  let rest = batch
  await pRetry(
    async () => {
      rest = await repository.putNames(rest)
      if (rest.length > 0)
        throw new UnprocessedError(
          'DynamoDB throttles the writes for too long. Some names are stored; import the file again later.'
        )
    },
    {
      // About a minute.
      retries: 16,
      minTimeout: 50,
      maxTimeout: 5000,
      randomize: true,
      // The AWS SDK has made its own attempts for other failures.
      shouldRetry: ({ error }) => error instanceof UnprocessedError,
    }
  )
}
