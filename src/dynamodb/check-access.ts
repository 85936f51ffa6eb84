import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'

/**
 * Resolves if the table can be read: it exists, has the key schema of template.yaml, and the
 * credentials allow GetItem. There is no item of this key.
 */
export async function checkAccess(
  client: DynamoDBDocumentClient,
  tableName: string,
  abortSignal: AbortSignal
): Promise<void> {
  const command = new GetCommand({ TableName: tableName, Key: { PK: 'READY#', SK: 'READY#' } })
  await client.send(command, { abortSignal })
}
