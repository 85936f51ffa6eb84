import {
  type DynamoDBClient,
  type DynamoDBClientConfig,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import { type Config, ConfigError, refuseMissingCredentials } from '../config.ts'
import { checkAccess } from '../dynamodb/check-access.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { undiciOptions } from '../dynamodb/undici-options.ts'
import { clientErrorHandler } from './client-error-handler.ts'
import { shutDownGracefully } from './graceful-shutdown.ts'
import { healthRoutes } from './health-routes.ts'
import { createHttpServer } from './http-server.ts'
import { limitConcurrency } from './load-shedding.ts'
import { loadTelemetry } from './load-telemetry.ts'
import { requireHost } from './require-host.ts'

/**
 * Starts the standalone HTTP server. The caller closes it.
 *
 * @param connection where DynamoDB is, if not where the AWS SDK's own variables say
 * @throws {ConfigError} when the region, the table, the credentials, the port or an endpoint cannot be used
 */
export async function startServer(
  config: Config,
  connection?: DynamoDBClientConfig
): Promise<FastifyInstance> {
  const baseClient = createDynamoDBClient({ ...undiciOptions(), ...connection })
  const client = DynamoDBDocumentClient.from(baseClient)
  const tableName = config.DYNAMODB_TABLE_NAME
  const app = buildApp({ client, config, clientErrorHandler, serverFactory: createHttpServer })
  app.addHook('onClose', async () => baseClient.destroy())
  await loadTelemetry(app, process.env)
  requireHost(app)
  shutDownGracefully(app)
  limitConcurrency(app)
  app.register(healthRoutes, { client, tableName })

  try {
    await checkRegion(baseClient)
    await checkTable(app, client, tableName)
    await listen(app, config)
  } catch (error) {
    await app.close()
    throw error
  }
  return app
}

async function checkRegion(client: DynamoDBClient): Promise<void> {
  await client.config.region().catch(() => {
    throw new ConfigError(
      'AWS_REGION must be the region of the table, like eu-central-1; it is not set.'
    )
  })
}

// Fails fast on errors of the configuration. Other errors may pass: until DynamoDB responds, the server
// responds with 503, to /ready as well.
async function checkTable(app: FastifyInstance, client: DynamoDBDocumentClient, tableName: string) {
  try {
    await checkAccess(client, tableName, AbortSignal.timeout(2500))
  } catch (error) {
    if (error instanceof ResourceNotFoundException)
      throw new ConfigError(
        `DYNAMODB_TABLE_NAME must be a table that exists; there is no "${tableName}" in this account, region and endpoint.`
      )
    refuseMissingCredentials(error)
    app.log.warn(error, 'the table cannot be read yet')
  }
}

async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  await app.listen({ host: HOST, port: PORT }).catch((error: Error) => {
    throw new ConfigError(`HOST and PORT must be free to listen on: ${error.message}.`)
  })
}
