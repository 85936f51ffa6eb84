import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { listen } from './listen.ts'

/** Starts a DynamoDB that finds no item, and never responds to another request than GetItem. */
export async function startHangingDynamoDB(t: Test) {
  const server = createServer((request, response) => {
    const isGet = String(request.headers['x-amz-target']).endsWith('.GetItem')
    if (isGet) response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}')
    else server.emit('hanging', request)
  })
  const connection = localConnection(`http://127.0.0.1:${await listen(t, server)}`)

  return {
    connection,
    tableName: 'hanging',
    /** Waits for the next request that hangs. */
    async nextHanging(): Promise<IncomingMessage> {
      return (await once(server, 'hanging'))[0]
    },
  }
}
