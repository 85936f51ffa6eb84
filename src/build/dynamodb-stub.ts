import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'

/**
 * Starts a server that answers as DynamoDB does, at once and always the same: the name of every id is
 * Ada. Returns the variables of a function that has it for its DynamoDB.
 *
 * @param server of HTTP or HTTPS
 */
export async function startDynamoDBStub(server: Server = createServer(), protocol = 'http') {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const isRead = String(request.headers['x-amz-target']).endsWith('GetItem')
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(isRead ? '{"Item":{"data":{"S":"Ada"}}}' : '{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const address = server.address()
  const port = typeof address === 'object' && address?.port
  return {
    DYNAMODB_TABLE_NAME: 'hello',
    AWS_ENDPOINT_URL_DYNAMODB: `${protocol}://127.0.0.1:${port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
  }
}
