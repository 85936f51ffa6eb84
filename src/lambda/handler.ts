import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { fromEnv } from '@aws-sdk/credential-provider-env'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { awsLambdaFastify, type LambdaResponse } from '@fastify/aws-lambda'
import { chain } from '@smithy/core/config'
import type { Context } from 'aws-lambda'
import { pino } from 'pino'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { createRepository } from '../hello/repository.ts'
import { commonHeaders } from '../http/common-headers.ts'
import { createProblem } from '../http/problem.ts'
import { readEvent } from './event.ts'

const invocation = new AsyncLocalStorage<{ path: string; requestId: string }>()

function current() {
  const store = invocation.getStore()
  assert(store, 'a request comes in by the handler alone')
  return store
}

const config = readConfig(process.env)
// Lambda sets the credentials in the environment. Where it does not, as for SnapStart, the SDK's default
// chain finds them; it takes longer to load.
const credentials = chain(fromEnv(), async () => defaultProvider()())
const client = DynamoDBDocumentClient.from(createDynamoDBClient({ credentials }))
const app = buildApp({
  repository: createRepository(client, config.DYNAMODB_TABLE_NAME, config.MESSAGE_DAYS),
  logLevel: config.LOG_LEVEL,
  // Lambda freezes the process as soon as it asks for the next event: a line that is not written by
  // then is late, or lost.
  logDestination: pino.destination({ sync: true }),
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
export async function handler(event: unknown, context: Context): Promise<Response> {
  const requestId = context.awsRequestId
  const request = readEvent(event)
  if (!request) return refuse(requestId, 400, 'The event is not an HTTP request.')
  if (request.path.length > maxPathLength)
    return refuse(requestId, 414, 'The path must not exceed 16 KiB.')

  const { headers, method: httpMethod, path, sourceIp } = request
  // The adapter throws on an event that it does not expect, so it gets one that it does. It reads a
  // URL as browsers do: '..' goes up, '\\' becomes '/'. So the path takes its own way to the app.
  const adapted = { httpMethod, path: '/', headers, requestContext: { identity: { sourceIp } } }
  const response: Response = await invocation.run({ path, requestId }, () =>
    proxy(adapted, context)
  )
  for (const name of hopByHopHeaders) {
    delete response.headers[name]
    delete response.multiValueHeaders?.[name]
  }
  return response
}

// The server's limit, too (server/server.ts). An event may have up to 6 MB.
const maxPathLength = 16_384

// Fastify's inject adds `connection`, as a server does. HTTP/2 forbids these headers in a response
// (RFC 9113, 8.2.2), and what is in front of the function may pass them on.
const hopByHopHeaders = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]

type Response = LambdaResponse & { multiValueHeaders?: Record<string, string[]> }

/** Responds without the app, in a form that every event source understands. */
function refuse(requestId: string, status: number, detail: string): Response {
  app.log.info({ requestId, status }, detail)
  const problem = createProblem(status, detail, requestId)
  const headers = { ...commonHeaders(requestId), 'content-type': 'application/problem+json' }
  return {
    statusCode: status,
    headers,
    multiValueHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]])
    ),
    isBase64Encoded: false,
    body: JSON.stringify(problem),
  }
}
