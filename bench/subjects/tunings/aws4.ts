import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Aws4Signer } from '../../../src/dynamodb-client.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with aws4 as its signer. */
export const handler = createHandler(new DynamoDBClient({ signerConstructor: Aws4Signer }))
