import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createTable } from '../dynamodb/create-table.ts'
import { putSampleNames } from './sample-names.ts'

/** Creates the table with its sample names; what is there already stays as it is. */
export async function prepareTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await createTable(client, tableName)
  await putSampleNames(DynamoDBDocumentClient.from(client), tableName)
}
