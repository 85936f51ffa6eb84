import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'

/**
 * Starts a server that responds as DynamoDB does, at once, with one response for each operation.
 *
 * @param responses by the names of the operations
 * @param server of HTTP or HTTPS
 * @returns the environment variables of a function that uses it
 */
export async function startDynamoDBStub(
  responses: Record<string, object>,
  server: Server = createServer(),
  protocol = 'http'
) {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.')
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(JSON.stringify(responses[operation]))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const address = server.address()
  const port = typeof address === 'object' && address?.port
  return {
    DYNAMODB_TABLE_NAME: 'stub',
    AWS_ENDPOINT_URL_DYNAMODB: `${protocol}://127.0.0.1:${port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
  }
}
