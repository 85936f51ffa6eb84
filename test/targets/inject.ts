import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import pLimit from 'p-limit'
import { buildApp } from '../../src/app.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { type Request, type Response, requestsAtOnce, type Target } from '../support/target.ts'

/** The app without a server, over the embedded DynamoDB. */
export const injectTarget: Target = {
  name: 'the app by inject, over the embedded DynamoDB',
  unsupported: {
    'authorize callers': 'inject has no authorizer',
    'carry dot segments': 'inject resolves them, as browsers do',
  },

  async start() {
    const table = await startEmbeddedTable()
    const app = buildApp(table.app)
    const limit = pLimit(requestsAtOnce)
    return {
      send: (request) => limit(inject, app, request),
      items: table.items,
      leftovers: table.leftovers,
      async stop() {
        await app.close()
        await table.stop()
      },
    }
  },
}

/** Sends a request to an app that does not listen. */
export async function inject(app: FastifyInstance, request: Request): Promise<Response> {
  const { method = 'GET', path, headers = {}, body } = request
  return toResponse(await app.inject({ method, url: path, headers, payload: body }))
}

export function toResponse({ statusCode, headers, body }: LightMyRequestResponse): Response {
  return {
    cookies: [headers['set-cookie'] ?? []].flat(),
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value)])
    ),
    body,
  }
}
