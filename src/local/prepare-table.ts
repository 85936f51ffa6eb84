import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createRepository } from '../repository.ts'
import { createTable } from './create-table.ts'
import { putSampleNames } from './sample-names.ts'

/** Creates the table with its sample names; what is there already stays as it is. */
export async function prepareTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await createTable(client, tableName)
  await putSampleNames(createRepository(DynamoDBDocumentClient.from(client), tableName))
}
