import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import * as Type from 'typebox'
import { Pointer } from 'typebox/value'
import { HttpProblem } from '../../../src/http/problem.ts'
import { headers, partitionKey, problem } from '../../../src/http/schemas.ts'
import type { Repository } from './repository.ts'

// A sort key has up to 1,024 bytes, and a character up to 4.
const note = Type.String({ minLength: 1, maxLength: 250 })
const owner = partitionKey()
// Without lone surrogates, which JSON may contain, and UTF-8 may not.
const text = Type.String({ maxLength: 1000, pattern: '^\\P{Surrogate}*$' })
const due = Type.Optional(Type.String({ format: 'date' }))

const Query = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 50, default: 10 }),
  after: Type.Optional(note),
  color: Type.Optional(Type.Array(Type.String(), { maxItems: 5 })),
})
const Body = Type.Object(
  { text, color: Type.String({ maxLength: 20, default: 'yellow' }), due },
  { additionalProperties: false }
)
const Note = Type.Object({ note: Type.String(), text: Type.String(), color: Type.String(), due })
const Page = Type.Object({ notes: Type.Array(Note), next: Type.Optional(Type.String()) })

const content = { 'application/json': { schema: Page } }
const page = { description: 'The notes', headers, content }
const noContent = Type.Null({ description: 'The note is stored, or deleted' })
const errors = { default: { description: 'The request failed', ...problem } }

/** `/notes/{owner}`: lists notes. `/notes/{owner}/{note}`: stores or deletes one. */
export const notes: FastifyPluginAsyncTypebox<{ repository: Repository }> = async (
  app,
  { repository }
) => {
  app.route({
    method: 'GET',
    url: '/notes/:owner',
    schema: {
      params: Type.Object({ owner }),
      querystring: Query,
      response: { 200: page, ...errors },
    },
    handler: async function listNotes(request, reply) {
      const { owner } = authorize(request, request.params)
      const { color, ...position } = request.query
      const { notes, next } = await repository.list(owner, position, request.deadline)
      const [, visits = '0'] = /(?:^|; *)visits=(\d+)/.exec(request.headers.cookie ?? '') ?? []
      reply.header('set-cookie', ['last=notes; Path=/', `visits=${Number(visits) + 1}; Path=/`])
      return { notes: notes.filter((note) => !color || color.includes(note.color)), next }
    },
  })

  const params = Type.Object({ owner, note })
  app.route({
    method: 'PUT',
    url: '/notes/:owner/:note',
    schema: { params, body: Body, response: { 204: noContent, ...errors } },
    handler: async function putNote(request, reply) {
      const { owner, note } = authorize(request, request.params)
      await repository.put(owner, note, request.body, request.deadline)
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/notes/:owner/:note',
    schema: { params, response: { 204: noContent, ...errors } },
    handler: async function deleteNote(request, reply) {
      const { owner, note } = authorize(request, request.params)
      await repository.remove(owner, note, request.deadline)
      return reply.code(204).send(null)
    },
  })
}

/** Where the API has an authorizer: its subject, for a REST API and for an HTTP API. */
function authorize<P extends { owner: string }>({ awsLambda }: FastifyRequest, params: P): P {
  const authorizer = Pointer.Get(awsLambda?.event, '/requestContext/authorizer')
  const subject =
    Pointer.Get(authorizer, '/claims/sub') ?? Pointer.Get(authorizer, '/jwt/claims/sub')
  if (authorizer && subject !== params.owner)
    throw new HttpProblem(403, 'These notes belong to another owner.')
  return params
}
