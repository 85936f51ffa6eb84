import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { fromEnv } from '@aws-sdk/credential-provider-env'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { awsLambdaFastify, type LambdaResponse } from '@fastify/aws-lambda'
import type { Context } from 'aws-lambda'
import { buildApp } from './app.ts'
import { commonHeaders } from './common-headers.ts'
import { readConfig } from './config.ts'
import { createDynamoDBClient } from './dynamodb-client.ts'
import { createProblem } from './problem.ts'
import { readEvent } from './read-event.ts'
import { createRepository } from './repository.ts'

const invocation = new AsyncLocalStorage<{ path: string; requestId: string }>()

function current() {
  const store = invocation.getStore()
  assert(store, 'a request comes in by the handler alone')
  return store
}

const config = readConfig(process.env)
// Lambda gives a function its credentials in its environment, and nowhere else.
const client = DynamoDBDocumentClient.from(createDynamoDBClient({ credentials: fromEnv() }))
const app = buildApp({
  repository: createRepository(client, config.DYNAMODB_TABLE_NAME, config.MESSAGE_DAYS),
  logLevel: config.LOG_LEVEL,
  genReqId: () => current().requestId,
  rewriteUrl: () => current().path,
})
const proxy = awsLambdaFastify<object>(app, {
  decorateRequest: false,
  // A load balancer that sends multi-value headers reads no others.
  albMultiValueHeaders: true,
})
// The first event waits for it.
app.ready()

/**
 * Handles the events of API Gateway (REST and HTTP APIs), function URLs and load balancers. Any other
 * event gets a problem, too: to throw would have Lambda try again what cannot succeed.
 */
export async function handler(event: unknown, context: Context): Promise<LambdaResponse> {
  const requestId = context.awsRequestId
  const request = readEvent(event)
  if (!request) return refuse(requestId)

  const { headers, method: httpMethod, path, sourceIp } = request
  // The adapter throws on an event that it does not expect, so it gets one that it does. It reads a
  // URL as browsers do: '..' goes up, '\\' becomes '/'. So the path takes its own way to the app.
  const adapted = { httpMethod, path: '/', headers, requestContext: { identity: { sourceIp } } }
  return invocation.run({ path, requestId }, () => proxy(adapted, context))
}

type MultiValueResponse = LambdaResponse & { multiValueHeaders: Record<string, string[]> }

/** Answers what is no HTTP request, in the form that all sources of HTTP requests understand. */
function refuse(requestId: string): MultiValueResponse {
  app.log.info({ requestId }, 'no HTTP request')
  const problem = createProblem(400, 'The event is no HTTP request.', requestId)
  const headers = { ...commonHeaders(requestId), 'content-type': 'application/problem+json' }
  return {
    statusCode: 400,
    headers,
    multiValueHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]])
    ),
    isBase64Encoded: false,
    body: JSON.stringify(problem),
  }
}
