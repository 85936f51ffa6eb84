import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { run } from '../server/run.ts'
import { startServer } from '../server/server.ts'
import { serveDocs } from './docs.ts'
import { embeddedPort, startEmbeddedDynamoDB } from './embedded-dynamodb.ts'
import { ignoreAwsSettings } from './ignore-aws-settings.ts'
import { prepareTable } from './prepare-table.ts'
import { embeddedTableName, examples } from './sample-names.ts'

const folder = '.dynamodb'
const { env } = process

await run(env.DYNAMODB_TABLE_NAME ? async () => serve(readConfig(env)) : startEmbedded)

async function serve(config: Config, connection?: DynamoDBClientConfig) {
  const logDestination = await terminal()
  return startServer(config, { connection, logDestination, beforeResources: serveDocs })
}

/** A log for people, if standard output is a terminal; otherwise, `undefined`: JSON. */
async function terminal() {
  if (!process.stdout.isTTY) return undefined
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    ignore: 'version,requestId,method,path,route,status,ms',
    messageFormat: '{if method}{method} {path} {status}, {ms} ms: {end}{msg}',
    singleLine: true,
    sync: true,
    timestampKey: 'timestamp',
  })
}

/** Starts the server on a DynamoDB of this process, whose table outlives it in a folder. */
async function startEmbedded() {
  if (env.AWS_ENDPOINT_URL_DYNAMODB)
    throw new ConfigError(
      'DYNAMODB_TABLE_NAME must be a table at AWS_ENDPOINT_URL_DYNAMODB; it is not set. (Without both, the database is embedded.)'
    )
  ignoreAwsSettings()
  const config = readConfig({
    ...env,
    DYNAMODB_TABLE_NAME: embeddedTableName,
    HOST: env.HOST || '127.0.0.1',
  })
  const database = await startEmbeddedDynamoDB(embeddedPort(config.PORT), folder)
  try {
    await prepareTable(database.connection, config.DYNAMODB_TABLE_NAME)
    const server = await serve(config, database.connection)
    introduce(server.listeningOrigin, database.connection.endpoint)
    const close = async () => {
      await server.close()
      await database.close()
    }
    return { log: server.log, close }
  } catch (error) {
    await database.close()
    throw error
  }
}

function introduce(origin: string, endpoint: string): void {
  console.log(`
  The service listens, on an embedded DynamoDB.
${examples(origin)}
    the table         "${embeddedTableName}" at ${endpoint}, kept in ${folder}/ (delete it to start afresh)
    stop              Ctrl-C
`)
}
