import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { collect } from '../../../src/dynamodb-client.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with the service's collector of answers alone. */
export const handler = createHandler(new DynamoDBClient({ streamCollector: collect }))
