import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createRequestSigner } from '../../../src/request-signer.ts'
import { createHandler } from '../create-handler.ts'

/** The peer, with the service's signer alone. */
const client: DynamoDBClient = new DynamoDBClient({ signer: async () => signer })
const signer = createRequestSigner(() => client.config)

export const handler = createHandler(client)
