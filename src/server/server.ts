import {
  type DynamoDBClient,
  type DynamoDBClientConfig,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import { type Config, ConfigError, refuseMissingCredentials } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { undiciOptions } from '../dynamodb/undici-options.ts'
import { createRepository, DatabaseError, type Repository } from '../hello/repository.ts'
import { clientErrorHandler } from './client-error-handler.ts'
import { shutDownGracefully } from './graceful-shutdown.ts'
import { addHealthRoutes } from './health-routes.ts'
import { conformToHttp } from './http-conformance.ts'
import { limitConcurrency } from './load-shedding.ts'

/**
 * Starts the standalone HTTP server; `close` it in the end.
 *
 * @param connection where DynamoDB is, if not where the AWS SDK's own variables say
 * @throws {ConfigError} when the region, the table, the credentials or the port cannot be used
 */
export async function startServer(
  config: Config,
  connection?: DynamoDBClientConfig
): Promise<FastifyInstance> {
  const client = createDynamoDBClient({ ...undiciOptions(), ...connection })
  const repository = createRepository(
    DynamoDBDocumentClient.from(client),
    config.DYNAMODB_TABLE_NAME,
    config.MESSAGE_DAYS
  )
  const app = buildApp({
    repository,
    logLevel: config.LOG_LEVEL,
    clientErrorHandler,
    // Milliseconds for a client to send its whole request, and between two looks at who is late.
    requestTimeout: 5000,
    http: { connectionsCheckingInterval: 1000, maxHeaderSize: 16_384, requireHostHeader: false },
    // More than load balancers wait before they use a connection again: AWS's do so for 60 seconds.
    keepAliveTimeout: 72_000,
  })
  app.addHook('onClose', async () => client.destroy())
  conformToHttp(app)
  shutDownGracefully(app)
  limitConcurrency(app)
  addHealthRoutes(app, repository)

  try {
    await checkRegion(client)
    await checkTable(app, repository, config.DYNAMODB_TABLE_NAME)
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

// What only its operator can mend stops the start. What may pass does not: until DynamoDB answers,
// the server does so with 503, and /ready tells.
async function checkTable(app: FastifyInstance, repository: Repository, tableName: string) {
  try {
    await repository.checkAccess(AbortSignal.timeout(2500))
  } catch (error) {
    const cause = error instanceof DatabaseError && error.cause
    if (cause instanceof ResourceNotFoundException)
      throw new ConfigError(
        `DYNAMODB_TABLE_NAME must be a table that exists; there is no "${tableName}" in this account, region and endpoint.`
      )
    refuseMissingCredentials(cause)
    app.log.warn(error, 'the table cannot be read yet')
  }
}

async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  await app.listen({ host: HOST, port: PORT }).catch((error: Error) => {
    throw new ConfigError(`HOST and PORT must be free to listen on: ${error.message}.`)
  })
}
