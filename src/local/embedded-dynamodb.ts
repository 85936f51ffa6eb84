import { once } from 'node:events'
import { join } from 'node:path'
import dynalite from 'dynalite'
import { Level } from 'level'
import { ConfigError } from '../config.ts'

/**
 * Returns the port of the DynamoDB of `npm start`: the one after the server's, so that tools find it.
 * 0, which stands for any free port, stays 0.
 *
 * @throws {ConfigError} when no port is after the server's
 */
export function embeddedPort(port: number): number {
  if (port === 65_535)
    throw new ConfigError(
      'PORT must leave the port after it to the embedded DynamoDB; it is 65535, the last one.'
    )
  return port === 0 ? 0 : port + 1
}

/**
 * Starts a DynamoDB (dynalite) in this process, on 127.0.0.1; `close` it in the end.
 *
 * @param port 0 for any free one
 * @param folder keeps the data; without it, they are in memory
 * @throws {ConfigError} when the port or the folder is in use
 */
export async function startEmbeddedDynamoDB(port = 0, folder?: string) {
  const lock = folder === undefined ? undefined : await lockFolder(folder)
  const server = dynalite({ createTableMs: 0, path: folder })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error: Error) => {
    throw new ConfigError(
      `PORT must leave the port after it to the embedded DynamoDB: ${error.message}.`
    )
  })

  const address = server.address()
  const endpoint = `http://127.0.0.1:${typeof address === 'object' && address?.port}`

  async function close(): Promise<void> {
    server.close()
    await once(server, 'close')
    await lock?.close()
  }
  return { connection: localConnection(endpoint), close }
}

/** The options of a client for a DynamoDB that does not check signatures; it takes any credentials. */
export function localConnection(endpoint: string) {
  return {
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
}

/**
 * Locks a folder for this process until the lock is closed. dynalite opens the folder later, at its
 * first request, and crashes if it cannot: so a lock of the same kind is kept in front of it.
 */
async function lockFolder(folder: string): Promise<Level> {
  const lock = await openDatabase(join(folder, 'lock'), folder)
  const data = await openDatabase(folder, folder)
  await data.close()
  return lock
}

async function openDatabase(path: string, folder: string): Promise<Level> {
  const database = new Level(path)
  await database.open().catch(({ cause }: Error) => {
    throw new ConfigError(
      `The folder ${folder} must be free for the embedded DynamoDB (is it running already?): ${cause}.`
    )
  })
  return database
}
