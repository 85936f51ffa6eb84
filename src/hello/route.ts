import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Negotiator from 'negotiator'
import * as Type from 'typebox'
import { headers, partitionKey, problem, retryLater } from '../http/schemas.ts'
import { greet } from './greeter.ts'
import type { Repository } from './repository.ts'

const text = 'text/plain; charset=utf-8'
const json = 'application/json; charset=utf-8'

const message = {
  headers,
  content: {
    'text/plain': { schema: Type.String() },
    'application/json': { schema: Type.Object({ message: Type.String() }) },
  },
}

const schema = {
  operationId: 'greet',
  summary: 'Greets the person whose name is stored for the id, and records the message',
  description: 'Any other method on this path, HEAD included, gets a problem with 405.',
  params: Type.Object({ id: partitionKey({ examples: ['1', '2', '3', 'unknown'] }) }),
  response: {
    200: { description: 'The greeting', ...message },
    404: { description: 'No name is stored for the id', ...message },
    400: { description: 'The id is empty, too long or malformed; nothing is recorded', ...problem },
    500: { description: 'The service failed', ...problem },
    503: { description: 'The service is unavailable; retry later', ...retryLater },
  },
}

/** `GET /hello/{id}`: greets the person whose name is stored for the id, and records the message. */
export const hello: FastifyPluginAsyncTypebox<{ repository: Repository }> = async (
  app,
  { repository }
) => {
  app.route({
    method: 'GET',
    url: '/hello/:id',
    schema,
    schemaErrorFormatter: () => new Error('The id must be 1 to 2,048 bytes of UTF-8.'),
    handler: async function hello(request, reply) {
      const { known, message } = await greet(repository, request.params.id, request.deadline)
      reply.code(known ? 200 : 404)
      // Text is first: the default if the client prefers none, or accepts neither.
      const type = new Negotiator(request.raw).mediaType([text, json])
      return type === json ? { message } : reply.type(text).send(message)
    },
  })
}
