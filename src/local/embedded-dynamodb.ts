import { once } from 'node:events'
import dynalite from 'dynalite'
import { Level } from 'level'
import { ConfigError } from '../config.ts'

/** Where `npm start` has its DynamoDB: after the server's port, so that tools find it; 0 stays 0. */
export function embeddedPort(port: number): number {
  return port === 0 ? 0 : (port + 1) % 65_536
}

export type EmbeddedDynamoDB = Awaited<ReturnType<typeof startEmbeddedDynamoDB>>

/**
 * Starts a DynamoDB (dynalite) in this process, on 127.0.0.1; `close` it in the end.
 *
 * @param port 0 for any free one
 * @param folder where its data are kept; without it, they are in memory
 * @throws {ConfigError} when the port or the folder is in use
 */
export async function startEmbeddedDynamoDB(port = 0, folder?: string) {
  if (folder) await checkUnused(folder)
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
  }
  return { connection: localConnection(endpoint), close }
}

/** How a client connects to a DynamoDB that checks no signature, so that any credentials will do. */
export function localConnection(endpoint: string) {
  return {
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
}

// dynalite would find out at its first request, and crash.
async function checkUnused(folder: string): Promise<void> {
  const database = new Level(folder)
  await database.open().catch(({ cause }: Error) => {
    throw new ConfigError(
      `The folder ${folder} must be free for the embedded DynamoDB (is it running already?): ${cause}.`
    )
  })
  await database.close()
}
