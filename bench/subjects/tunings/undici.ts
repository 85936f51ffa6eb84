import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createUndiciHandler } from '../../../src/undici-handler.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with the request handler of the service's server alone. */
export const handler = createHandler(new DynamoDBClient({ requestHandler: createUndiciHandler() }))
