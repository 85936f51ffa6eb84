import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createDynamoDBClient } from '../../src/dynamodb-client.ts'
import { createTable } from '../../src/local/create-table.ts'
import { startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'
import { createRepository } from '../../src/repository.ts'

/** Starts a DynamoDB in memory, with the table of template.yaml. */
export async function startEmbeddedTable() {
  const tableName = 'test'
  const database = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(database.connection)
  await createTable(client, tableName)
  const repository = createRepository(DynamoDBDocumentClient.from(client), tableName)

  async function leftovers(): Promise<unknown[]> {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }))
    return Items
  }

  async function stop(): Promise<void> {
    client.destroy()
    await database.close()
  }
  return { connection: database.connection, leftovers, repository, stop, tableName }
}
