import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { createTable } from '../dynamodb/create-table.ts'
import { patience } from '../dynamodb/patience.ts'
import { putSampleNames } from './sample-names.ts'

/** Creates the table with its sample names; what is there already stays as it is. */
export async function prepareTable(
  connection: DynamoDBClientConfig,
  tableName: string
): Promise<void> {
  const client = createDynamoDBClient({ ...connection, ...patience })
  try {
    await createTable(client, tableName)
    await putSampleNames(DynamoDBDocumentClient.from(client), tableName)
  } finally {
    client.destroy()
  }
}
