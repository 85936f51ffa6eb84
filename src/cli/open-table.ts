import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { ConfigError, readConfig } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { patience } from '../dynamodb/patience.ts'
import { createRepository, type Repository } from '../hello/repository.ts'
import { embeddedPort, localConnection } from '../local/embedded-dynamodb.ts'
import { embeddedTableName } from '../local/sample-names.ts'
import { findStack } from './stack.ts'

/** A table of the service, opened by a tool; `close` it in the end. */
export interface OpenTable {
  repository: Repository
  /** A description of the table, for messages. */
  name: string
  close(): void
}

/**
 * Opens the table of a stack, of docker compose, of the service's variables, or of `npm start`.
 *
 * @throws {ConfigError} when the stack does not exist, or a variable is malformed
 */
export async function openTable(
  place: { stack?: string; compose?: boolean },
  env: NodeJS.ProcessEnv
): Promise<OpenTable> {
  const { name, connection, tableName } = await locate(place, env)
  const client = createDynamoDBClient({ ...connection, ...patience })
  const repository = createRepository(DynamoDBDocumentClient.from(client), tableName)
  return { repository, name, close: () => client.destroy() }
}

async function locate(
  { stack, compose }: { stack?: string; compose?: boolean },
  env: NodeJS.ProcessEnv
) {
  if (stack) {
    const { region, tableName } = await findStack(stack, env.AWS_DEFAULT_REGION)
    return { name: `the table of the stack ${stack}`, connection: { region }, tableName }
  }
  if (compose) {
    const endpoint = `http://127.0.0.1:${readPort(env.DYNAMODB_PORT || '8000')}`
    const name = `the table of docker compose (${endpoint})`
    return { name, connection: localConnection(endpoint), tableName: 'hello' }
  }
  if (env.DYNAMODB_TABLE_NAME) {
    const { DYNAMODB_TABLE_NAME: tableName } = readConfig(env)
    return { name: `the table ${tableName}`, tableName }
  }
  const tableName = embeddedTableName
  const { PORT } = readConfig({ ...env, DYNAMODB_TABLE_NAME: tableName })
  if (PORT === 0)
    throw new ConfigError(
      'PORT must be the port of npm start; it is 0, which stands for any free port.'
    )
  const endpoint = `http://127.0.0.1:${embeddedPort(PORT)}`
  const name = `the table of npm start (${endpoint})`
  return { name, connection: localConnection(endpoint), tableName }
}

function readPort(port: string): string {
  if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535) return port
  throw new ConfigError(
    `DYNAMODB_PORT must be a port number from 1 to 65535; it is ${JSON.stringify(port)}.`
  )
}
