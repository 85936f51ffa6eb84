import { Pool } from 'undici'
import { readConfig } from '../../src/config.ts'
import { startServer } from '../../src/server/server.ts'
import { type EmbeddedTable, startEmbeddedTable } from '../support/embedded-table.ts'
import { type Request, type Response, requestsAtOnce, type Target } from '../support/target.ts'

/** The standalone server on a socket, over the embedded DynamoDB. */
export const standaloneTarget: Target = {
  name: 'the standalone server, over the embedded DynamoDB',
  unsupported: { 'authorize callers': 'the server has no authorizer' },

  async start() {
    const table = await startEmbeddedTable()
    const { pool, server } = await startOn(table)
    return {
      send: (request) => sendOnSocket(pool, request),
      items: table.items,
      leftovers: table.leftovers,
      async stop() {
        await pool.close()
        await server.close()
        await table.stop()
      },
    }
  },
}

/** Starts the server on a free port, over a table. */
export async function startOn(
  { connection, tableName }: Pick<EmbeddedTable, 'connection' | 'tableName'>,
  variables: NodeJS.ProcessEnv = {}
) {
  const config = readConfig({
    DYNAMODB_TABLE_NAME: tableName,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...variables,
  })
  const server = await startServer(config, { connection })
  return { pool: new Pool(server.listeningOrigin, { connections: requestsAtOnce }), server }
}

/** Sends a request, with its path as it is, on a connection of the pool. */
export async function sendOnSocket(pool: Pool, request: Request): Promise<Response> {
  const { method = 'GET', path, headers = {}, body = null } = request
  const response = await pool.request({ method, path, headers, body })
  return {
    status: response.statusCode,
    cookies: [response.headers['set-cookie'] ?? []].flat(),
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)])
    ),
    body: await response.body.text(),
  }
}
