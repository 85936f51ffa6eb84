import { createServer } from 'node:http'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createGreet } from './greet.ts'

/** The peer as a server: Node.js's own, on a client as it comes. */
const greet = createGreet(new DynamoDBClient())

createServer(async ({ url = '' }, response) => {
  const { status, message } = await greet(decodeURIComponent(url.slice('/hello/'.length)))
  response.writeHead(status, { 'content-type': 'text/plain' }).end(message)
}).listen(Number(process.env.PORT), process.env.HOST)
