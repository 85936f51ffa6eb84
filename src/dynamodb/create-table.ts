import { readFile } from 'node:fs/promises'
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { ConfigError } from '../config.ts'
import { readTableDefinition } from './table-definition.ts'

const template = new URL('../../template.yaml', import.meta.url)

/**
 * Creates the table that template.yaml defines, unless there is one of its name, and waits until it
 * can be used.
 *
 * @throws {ConfigError} when it cannot be used after a minute
 */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const definition = readTableDefinition(await readFile(template, 'utf8'))
  try {
    await client.send(new CreateTableCommand({ TableName: tableName, ...definition }))
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error
  }
  // In seconds.
  const patience = { maxWaitTime: 60, minDelay: 0.1, maxDelay: 2 }
  await waitUntilTableExists({ client, ...patience }, { TableName: tableName }).catch(() => {
    throw new ConfigError(`The table "${tableName}" must be active within a minute; it is not.`)
  })
}
