import accepts from '@fastify/accepts'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { greet } from './greeter.ts'
import { Problem } from './problem.ts'
import type { Repository } from './repository.ts'

const Params = Type.Object({ id: Type.String({ format: 'partition-key' }) })

/**
 * Whether DynamoDB takes the text as a partition key: 1 to 2,048 bytes of UTF-8 (Amazon DynamoDB
 * Developer Guide, "Constraints"). JSON Schema's maxLength would count characters.
 */
export function isPartitionKey(text: string): boolean {
  return text.length > 0 && Buffer.byteLength(text) <= 2048 && text.isWellFormed()
}

const messageContent = {
  'text/plain': { schema: Type.String() },
  'application/json': { schema: Type.Object({ message: Type.String() }) },
}
const problemContent = { 'application/problem+json': { schema: Problem } }

const schema = {
  params: Params,
  response: {
    200: { description: 'The greeting', content: messageContent },
    404: { description: 'No name is stored for the id', content: messageContent },
    '4xx': { description: 'The request is wrong', content: problemContent },
    '5xx': { description: 'No greeting for now', content: problemContent },
  },
}

/** `GET /hello/{id}`: greets the person whose name is stored for the id, and records the message. */
export function addHelloRoute(app: FastifyInstance, repository: Repository): void {
  app.register(accepts)

  app.withTypeProvider<TypeBoxTypeProvider>().route({
    method: 'GET',
    url: '/hello/:id',
    schema,
    schemaErrorFormatter: () => new Error('The id must be 1 to 2,048 bytes of UTF-8.'),
    handler: async function hello(request, reply) {
      const { known, message } = await greet(repository, request.params.id, request.signal)
      reply.code(known ? 200 : 404)
      // Text is first, so it wins where the caller has no preference, or wants neither.
      const isJson = request.type(['text/plain', 'application/json']) === 'application/json'
      return isJson ? { message } : reply.type('text/plain; charset=utf-8').send(message)
    },
  })
}
