import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { HttpResponse } from '@smithy/core/protocols'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'

/** A response of DynamoDB. */
export type DynamoDBResponse = [status: number, body: object]

/**
 * Creates a client of the service whose requests get these responses, in turn; requests without one never
 * get a response. Unlike the mocked table, it has the middleware of the service and of the AWS SDK.
 */
export function createRespondingClient(...responses: DynamoDBResponse[]): DynamoDBDocumentClient {
  const client = createDynamoDBClient({
    region: 'none',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: {
      async handle() {
        const [statusCode, body] = responses.shift() ?? (await new Promise<never>(() => {}))
        const headers = { 'x-amzn-requestid': `REQUEST${responses.length}` }
        const response = { statusCode, headers, body: Buffer.from(JSON.stringify(body)) }
        return { response: new HttpResponse(response) }
      },
    },
    streamCollector: async (body) => body,
  })
  return DynamoDBDocumentClient.from(client)
}
