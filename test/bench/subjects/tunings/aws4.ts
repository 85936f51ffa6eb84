import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createSigner } from '../../../../src/dynamodb/client.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with aws4 as its signer. */
const client: DynamoDBClient = new DynamoDBClient({
  signer: async (authScheme) => createSigner(client.config, authScheme),
})

export const handler = createHandler(client)
