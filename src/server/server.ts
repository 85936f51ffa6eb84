import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { FastifyInstance } from 'fastify'
import type { DestinationStream } from 'pino'
import { type AppOptions, buildApp } from '../app.ts'
import { type Config, ConfigError } from '../config.ts'
import { checkAccess, refuseTable } from '../dynamodb/check-access.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { refuseEndpoint, refuseSettings } from '../dynamodb/refuse-settings.ts'
import { undiciOptions } from '../dynamodb/undici-options.ts'
import { createLogDestination } from '../log.ts'
import { clientErrorHandler } from './client-error-handler.ts'
import { shutDownGracefully } from './graceful-shutdown.ts'
import { healthRoutes } from './health-routes.ts'
import { createHttpServer } from './http-server.ts'
import { limitConcurrency } from './load-shedding.ts'
import { loadTelemetry } from './load-telemetry.ts'
import { requireHost } from './require-host.ts'

interface ServerOptions extends Pick<AppOptions, 'beforeResources' | 'logDestination'> {
  /** Where DynamoDB is, if not where the AWS SDK's own variables say. */
  connection?: DynamoDBClientConfig
}

/**
 * Starts the standalone HTTP server. The caller closes it.
 *
 * @throws {ConfigError} when the settings of the AWS SDK, the table, the port or an endpoint cannot be used
 */
export async function startServer(
  config: Config,
  { connection, logDestination = standardOutput(), beforeResources }: ServerOptions = {}
): Promise<FastifyInstance> {
  const baseClient = createDynamoDBClient({ ...undiciOptions(), ...connection })
  const client = DynamoDBDocumentClient.from(baseClient)
  const tableName = config.DYNAMODB_TABLE_NAME
  const app = buildApp({
    client,
    config,
    logDestination,
    beforeResources,
    clientErrorHandler,
    serverFactory: createHttpServer,
  })
  app.addHook('onClose', async () => baseClient.destroy())

  try {
    await loadTelemetry(app, config.SERVICE_VERSION, process.env)
    requireHost(app)
    shutDownGracefully(app)
    limitConcurrency(app)
    app.register(healthRoutes, { client, tableName })
    await checkTable(app, client, tableName)
    await listen(app, config)
    const region = await baseClient.config.region()
    app.log.info({ table: tableName, region, node: process.version }, 'the server has started')
  } catch (error) {
    await app.close()
    throw error
  }
  return app
}

// Node.js does not wait for the reader of a pipe any more when `process.stdout` has been used. So a
// late reader does not stop the server.
function standardOutput(): DestinationStream {
  return createLogDestination({ dest: process.stdout.fd, retryEAGAIN: () => false })
}

// Fails fast on errors that only an operator can remove. Other errors may pass: until DynamoDB responds,
// the server responds with 503, to /ready as well.
async function checkTable(app: FastifyInstance, client: DynamoDBDocumentClient, tableName: string) {
  try {
    await refuseEndpoint(client)
    await checkAccess(client, tableName, AbortSignal.timeout(2500))
  } catch (error) {
    await refuseSettings(error)
    refuseTable(error, tableName)
    app.log.warn(error, 'the table cannot be read yet')
  }
}

async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  await app.listen({ host: HOST, port: PORT }).catch((error: Error) => {
    throw new ConfigError(`HOST and PORT must be free to listen on: ${error.message}.`)
  })
}
