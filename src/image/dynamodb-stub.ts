import { once } from 'node:events'
import { createServer } from 'node:http'

/**
 * Starts a server that answers as DynamoDB does, at once and always the same: the name of every id is
 * Ada. Returns the variables of a function that has it for its DynamoDB.
 */
export async function startDynamoDBStub() {
  const server = createServer((request, response) => {
    const isRead = String(request.headers['x-amz-target']).endsWith('GetItem')
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(isRead ? '{"Item":{"data":{"S":"Ada"}}}' : '{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const address = server.address()
  const env = {
    DYNAMODB_TABLE_NAME: 'hello',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${typeof address === 'object' && address?.port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
  }
  function close(): void {
    server.close()
    server.closeAllConnections()
  }
  return { env, close }
}
