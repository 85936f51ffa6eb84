import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { fromEnv } from '@aws-sdk/credential-provider-env'
import { createHandler } from './create-handler.ts'

/** The honest limit: the peer, built and started as the service is. */
export const handler = createHandler(new DynamoDBClient({ credentials: fromEnv() }))
