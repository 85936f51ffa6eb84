import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { undiciOptions } from '../../../../src/dynamodb/undici-options.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with the request handler of the service's server. */
export const handler = createHandler(new DynamoDBClient(undiciOptions()))
