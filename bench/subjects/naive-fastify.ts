import awsLambdaFastify from '@fastify/aws-lambda'
import Fastify from 'fastify'
import { handler as greet } from './bare.ts'

/** What a team starts with: the peer's work in a route of Fastify, with schemas. */
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
    const { statusCode, body } = await greet({ pathParameters: { id: encodeURIComponent(id) } })
    return reply.code(statusCode).type('text/plain').send(body)
  }
)

export const handler = awsLambdaFastify(app)
