import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { createGreet } from './greet.ts'

type Event = Pick<APIGatewayProxyEvent, 'pathParameters'>

/** A handler as in sample code: for one kind of event, without a framework. */
export function createHandler(dynamodb: DynamoDBClient) {
  const greet = createGreet(dynamodb)
  return async ({ pathParameters }: Event): Promise<APIGatewayProxyResult> => {
    const { status, message } = await greet(decodeURIComponent(pathParameters?.id ?? ''))
    return { statusCode: status, headers: { 'content-type': 'text/plain' }, body: message }
  }
}
