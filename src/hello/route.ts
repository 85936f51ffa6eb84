import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Negotiator from 'negotiator'
import * as Type from 'typebox'
import { Format } from 'typebox/format'
import { Problem } from '../http/problem.ts'
import { greet } from './greeter.ts'
import type { Repository } from './repository.ts'

const Params = Type.Object({
  id: Type.String({
    description: 'Any text of 1 to 2,048 bytes of UTF-8. It is taken as it is, once it is decoded.',
    format: 'partition-key',
    examples: ['1'],
    minLength: 1,
  }),
})

/**
 * Whether DynamoDB takes the text as a partition key: 1 to 2,048 bytes of UTF-8 (Amazon DynamoDB
 * Developer Guide, "Constraints"). JSON Schema's maxLength would count characters.
 */
export function isPartitionKey(text: string): boolean {
  return text.length > 0 && Buffer.byteLength(text) <= 2048 && text.isWellFormed()
}

Format.Set('partition-key', isPartitionKey)

const headers = {
  'Cache-Control': Type.Literal('no-store'),
  'X-Content-Type-Options': Type.Literal('nosniff'),
  'X-Request-Id': Type.String({ description: 'By which the log tells of the request' }),
}
const message = {
  headers,
  content: {
    'text/plain': { schema: Type.String() },
    'application/json': { schema: Type.Object({ message: Type.String() }) },
  },
}
const problem = { headers, content: { 'application/problem+json': { schema: Problem } } }
const retryLater = { ...headers, 'Retry-After': Type.String({ description: 'Seconds to wait' }) }

const schema = {
  operationId: 'greet',
  summary: 'Greets the person whose name is stored for the id, and records the message',
  description: 'Any other method on this path, HEAD included, gets a problem with 405.',
  params: Params,
  response: {
    200: { description: 'The greeting', ...message },
    404: { description: 'No name is stored for the id', ...message },
    400: { description: 'The id is none, or malformed; nothing is recorded', ...problem },
    500: { description: 'The service failed', ...problem },
    503: { description: 'No greeting for now; try again', ...problem, headers: retryLater },
  },
}

/** `GET /hello/{id}`: greets the person whose name is stored for the id, and records the message. */
export function addHelloRoute(app: FastifyInstance, repository: Repository): void {
  app.withTypeProvider<TypeBoxTypeProvider>().route({
    method: 'GET',
    url: '/hello/:id',
    schema,
    schemaErrorFormatter: () => new Error('The id must be 1 to 2,048 bytes of UTF-8.'),
    handler: async function hello(request, reply) {
      const { known, message } = await greet(repository, request.params.id, request.signal)
      reply.code(known ? 200 : 404)
      // Text is first, so it wins where the caller has no preference, or wants neither.
      const type = new Negotiator(request.raw).mediaType(['text/plain', 'application/json'])
      return type === 'application/json'
        ? { message }
        : reply.type('text/plain; charset=utf-8').send(message)
    },
  })
}
