import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { ConfigError } from '../config.ts'
import { isSdkError, isUnavailable } from './failure.ts'
import { firstLine } from './refuse-settings.ts'

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

/**
 * Throws a ConfigError in place of a lasting error of `checkAccess`: DynamoDB rejects the table or the
 * credentials.
 *
 * @throws {ConfigError}
 */
export function refuseTable(error: unknown, tableName: string): void {
  if (!isSdkError(error) || isUnavailable(error)) return
  const { message, name, $metadata } = error
  switch (name) {
    case 'ResourceNotFoundException':
      throw new ConfigError(
        `DYNAMODB_TABLE_NAME must be a table that exists; there is no "${tableName}" in this account, region and endpoint.`
      )
    case 'ValidationException':
      throw new ConfigError(
        `DYNAMODB_TABLE_NAME must be a table with the keys of template.yaml; DynamoDB says of "${tableName}": ${firstLine(message)}`
      )
    case 'Unknown':
      throw new ConfigError(
        `AWS_ENDPOINT_URL_DYNAMODB must be the URL of DynamoDB; the response there is ${$metadata?.httpStatusCode} without an error of DynamoDB.`
      )
    default: {
      // Of DynamoDB, or of AWS STS for a role. Other messages, such as IncompleteSignatureException's, quote the credentials.
      const reason = name.startsWith('AccessDenied') ? `${name}: ${message}` : name
      throw new ConfigError(
        `AWS credentials must be valid and allow dynamodb:GetItem on the table "${tableName}"; AWS says: ${firstLine(reason)}`
      )
    }
  }
}
