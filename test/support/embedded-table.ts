import { DeleteTableCommand, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { readConfig } from '../../src/config.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'
import { deletePartition } from './delete-partition.ts'

export type EmbeddedTable = Awaited<ReturnType<typeof startEmbeddedTable>>

/** Starts a DynamoDB in memory with the table of template.yaml; `app` has the options of an app on it. */
export async function startEmbeddedTable() {
  const tableName = 'test'
  const database = await startEmbeddedDynamoDB()
  // Unlike the app, the tests wait for a database that is slow.
  const client = createDynamoDBClient({ ...database.connection, ...patience })
  await createTable(client, tableName)
  const documentClient = DynamoDBDocumentClient.from(client)
  const repository = createRepository(documentClient, tableName)
  const missing = createRepository(documentClient, 'missing')

  async function leftovers() {
    const pages = paginateScan({ client: documentClient }, { TableName: tableName })
    return (await Array.fromAsync(pages)).flatMap(({ Items = [] }) => Items)
  }

  async function drop(): Promise<void> {
    await client.send(new DeleteTableCommand({ TableName: tableName }))
    await waitUntilTableNotExists(
      { client, maxWaitTime: 10, minDelay: 0.1 },
      { TableName: tableName }
    )
  }

  async function stop(): Promise<void> {
    client.destroy()
    app.client.destroy()
    await database.close()
  }
  const items = {
    ...repository,
    forget: (id: string) => deletePartition(documentClient, tableName, id),
  }
  const config = readConfig({ DYNAMODB_TABLE_NAME: tableName, LOG_LEVEL: 'silent' })
  const appClient = DynamoDBDocumentClient.from(createDynamoDBClient(database.connection))
  const app = { client: appClient, config }
  return {
    app,
    connection: database.connection,
    drop,
    /** The repository, whose tear-down removes the items of other resources as well. */
    items,
    leftovers,
    missing,
    repository,
    stop,
    tableName,
  }
}
