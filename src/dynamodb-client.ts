import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'

/**
 * How many connections to DynamoDB a client opens at most. What does not get one waits, and the wait
 * counts for the time-outs.
 */
export const maxSockets = 100

/**
 * A DynamoDB client that gives up: left alone, the AWS SDK waits without end for a connection and
 * for an answer. It keeps connections open, so make one for the life of the process, and `destroy`
 * it in the end.
 *
 * @param connection where to connect to, if not where the SDK's own variables say
 */
export function createDynamoDBClient(connection: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: 1500,
      // Without it, the SDK only logs a warning when an answer is late.
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets },
      httpsAgent: { maxSockets },
    },
    ...connection,
  })
}
