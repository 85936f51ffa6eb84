import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { unneededMiddleware } from '../../../src/dynamodb-client.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, without the middleware that the service removes, and nothing else. */
const client = new DynamoDBClient()
for (const name of unneededMiddleware) client.middlewareStack.remove(name)

export const handler = createHandler(client)
