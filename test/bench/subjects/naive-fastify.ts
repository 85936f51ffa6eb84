import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import awsLambdaFastify from '@fastify/aws-lambda'
import Fastify from 'fastify'
import { createGreet } from './greet.ts'

/** What a team starts with: the peer's work in a route of Fastify, with schemas. */
const greet = createGreet(new DynamoDBClient())
const app = Fastify({ logger: { level: process.env.LOG_LEVEL } })
const params = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, maxLength: 2048 } },
}
const response = { '2xx': { type: 'string' }, '4xx': { type: 'string' } }

app.get<{ Params: { id: string } }>(
  '/hello/:id',
  { schema: { params, response } },
  async ({ params: { id } }, reply) => {
    const { status, message } = await greet(id)
    return reply.code(status).type('text/plain').send(message)
  }
)

export const handler = awsLambdaFastify(app)
