import { readFile } from 'node:fs/promises'
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb'
import { readTableDefinition } from './table-definition.ts'

const template = new URL('../../template.yaml', import.meta.url)

/** Creates the table that template.yaml defines, unless there is a table of this name. */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const definition = readTableDefinition(await readFile(template, 'utf8'))
  try {
    await client.send(new CreateTableCommand({ TableName: tableName, ...definition }))
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error
  }
}
