import { ConfigError, readConfig } from '../config.ts'
import { isSdkError } from '../dynamodb/failure.ts'
import { firstLine } from '../dynamodb/refuse-settings.ts'
import { localConnection } from './embedded-dynamodb.ts'
import { ignoreAwsSettings } from './ignore-aws-settings.ts'
import { prepareTable } from './prepare-table.ts'

/** Prepares the table of docker-compose.yml. */
const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = process.env
ignoreAwsSettings()
try {
  const { DYNAMODB_TABLE_NAME: tableName } = readConfig(process.env)
  if (!endpoint)
    throw new ConfigError(
      'AWS_ENDPOINT_URL_DYNAMODB must be the URL of DynamoDB Local; it is not set.'
    )
  await prepare(tableName, endpoint)
  console.log(`The table "${tableName}" is ready, with its sample names.`)
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function prepare(tableName: string, endpoint: string): Promise<void> {
  try {
    await prepareTable(localConnection(endpoint), tableName)
  } catch (error) {
    if (!isSdkError(error)) throw error
    throw new ConfigError(
      `The table "${tableName}" at ${endpoint} cannot be prepared: ${firstLine(String(error))}`
    )
  }
}
