import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createHandler } from './create-handler.ts'

/** The peer: a handler without a framework, on a client as it comes. */
export const handler = createHandler(new DynamoDBClient())
