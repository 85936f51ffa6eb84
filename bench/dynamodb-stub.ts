import { once } from 'node:events'
import { createServer } from 'node:http'

/** A process that answers as DynamoDB does, at once and always the same; tells its parent its port. */
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
if (typeof address === 'object') process.send?.(address?.port)
