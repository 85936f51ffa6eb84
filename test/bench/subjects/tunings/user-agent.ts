import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { setUserAgent } from '../../../../src/dynamodb/client.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with a constant user agent. */
const client = new DynamoDBClient()
setUserAgent(client)

export const handler = createHandler(client)
