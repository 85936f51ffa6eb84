import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { FastifyPluginAsync } from 'fastify'
import { checkAccess } from '../dynamodb/check-access.ts'
import { unavailable } from '../http/problem.ts'

interface Options {
  client: DynamoDBDocumentClient
  tableName: string
}

/** Liveness and readiness probes of the server: `GET /health` and `GET /ready`. */
export const healthRoutes: FastifyPluginAsync<Options> = async (app, { client, tableName }) => {
  // Successful probes are not logged.
  const logLevel = 'warn'
  const exposeHeadRoute = true
  // They are no part of the API, and so of its documentation.
  const schema = { hide: true }

  // Independent of DynamoDB and of the load: a restart would help with neither.
  const config = { exemptFromLimit: true }
  app.get('/health', { logLevel, exposeHeadRoute, schema, config }, async () => ({ status: 'ok' }))

  app.get('/ready', { logLevel, exposeHeadRoute, schema }, async (request) => {
    await checkAccess(client, tableName, request.deadline).catch((error) => {
      throw unavailable('database', 'The table cannot be read.', error)
    })
    return { status: 'ok' }
  })
}
