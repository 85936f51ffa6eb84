import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { awsLambdaFastify, type LambdaResponse } from '@fastify/aws-lambda'
import type { Context } from 'aws-lambda'
import { buildApp } from './app.ts'
import { readConfig } from './config.ts'
import { createDynamoDBClient } from './dynamodb-client.ts'
import { eventPath, type HttpEvent } from './event-path.ts'
import { createRepository } from './repository.ts'

const invocation = new AsyncLocalStorage<{ path: string; requestId: string }>()

function current() {
  const store = invocation.getStore()
  assert(store, 'a request comes in by the handler alone')
  return store
}

const config = readConfig(process.env)
const client = DynamoDBDocumentClient.from(createDynamoDBClient())
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
// Before the first event, while the initialization has the processor to itself.
await app.ready()

/** Handles the events of API Gateway (REST and HTTP APIs), function URLs and load balancers. */
export async function handler(event: HttpEvent, context: Context): Promise<LambdaResponse> {
  const store = { path: eventPath(event), requestId: context.awsRequestId }
  return invocation.run(store, () => proxy({ ...event, ...withoutUrl }, context))
}

// The adapter reads a URL as browsers do: '..' goes up, '\\' becomes '/', and a malformed query of a
// load balancer throws. So the path takes its own way to the app, and the query, unused, none.
const withoutUrl = {
  path: '/',
  rawPath: '/',
  queryStringParameters: {},
  multiValueQueryStringParameters: {},
}
