import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { isUtf8 } from 'node:buffer'
import { fromEnv } from '@aws-sdk/credential-provider-env'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { awsLambdaFastify, type LambdaResponse } from '@fastify/aws-lambda'
import { chain } from '@smithy/core/config'
import type { Context } from 'aws-lambda'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { commonHeaders } from '../http/common-headers.ts'
import { createProblem } from '../http/problem.ts'
import { findTraceId } from '../http/trace-id.ts'
import { createLogDestination } from '../log.ts'
import { describeEvent, readEvent } from './event.ts'

interface Invocation {
  event: unknown
  context: Context
  url: string
  logFields: object
}

declare module 'fastify' {
  interface FastifyRequest {
    /** On Lambda only: the event, as Lambda sent it, and the context of the invocation. */
    awsLambda?: Pick<Invocation, 'event' | 'context'>
  }
}

const invocation = new AsyncLocalStorage<Invocation>()

function current(): Invocation {
  const store = invocation.getStore()
  assert(store, 'requests come only from the handler')
  return store
}

const config = readConfig(process.env)
// Lambda sets the credentials in the environment. If it does not, as for SnapStart, the SDK's default
// chain finds them; it takes longer to load.
const credentials = chain(fromEnv(), async () => defaultProvider()())
const app = buildApp({
  client: DynamoDBDocumentClient.from(createDynamoDBClient({ credentials })),
  config,
  // Lambda freezes the process as soon as it asks for the next event: a line that is not written by
  // then is late, or lost.
  logDestination: createLogDestination(),
  logFields: () => current().logFields,
  genReqId: () => current().context.awsRequestId,
  rewriteUrl: () => current().url,
})
// As the adapter does it, but with the event that Lambda sent, not the one that the adapter gets.
app.decorateRequest('awsLambda', { getter: current })
const proxy = awsLambdaFastify<object>(app, {
  decorateRequest: false,
  // A load balancer that sends multi-value headers reads no others.
  albMultiValueHeaders: true,
  // A response contains text, or bytes in base64.
  enforceBase64: ({ rawPayload }) => !isUtf8(rawPayload),
})
// The first event waits for it.
app.ready()
let coldStart = true

/**
 * Handles the events of API Gateway (REST and HTTP APIs), function URLs and load balancers. Any other
 * event gets a problem, too: if it threw, Lambda would retry what cannot succeed.
 */
export async function handler(event: unknown, context: Context): Promise<Response> {
  const request = readEvent(event)
  // Lambda sets the variable for each event, unless it sends several at once.
  const trace = { 'x-amzn-trace-id': process.env._X_AMZN_TRACE_ID }
  const traceId = findTraceId(trace) ?? findTraceId(request?.headers ?? {})
  const logFields = { apiRequestId: request?.apiRequestId, traceId, coldStart }
  coldStart = false
  if (!request) {
    const fields = { ...logFields, event: describeEvent(event) }
    return refuse(400, 'The event is not an HTTP request.', context, fields)
  }
  const { url, method: httpMethod, sourceIp, ...others } = request
  if (url.length > maxUrlLength)
    return refuse(414, 'The URL must not exceed 16 KiB.', context, logFields)

  // The adapter throws if an event does not have the types that it expects, and it normalizes a URL as
  // browsers do: `..` goes up, a backslash becomes a slash. So it gets an event of its own, and the app
  // gets the URL by `rewriteUrl`.
  const adapted = {
    ...others,
    httpMethod,
    path: '/',
    requestContext: { identity: { sourceIp } },
  }
  const store: Invocation = { event, context, url, logFields }
  const response: Response = await invocation.run(store, () => proxy(adapted, context))
  // A connection to DynamoDB keeps the store of the request that has opened it, and an event has megabytes.
  store.event = undefined
  // A load balancer without multi-value headers reads one cookie; REST APIs and others read all.
  const cookie = response.multiValueHeaders?.['set-cookie']?.at(-1)
  if (cookie) response.headers['set-cookie'] = cookie
  for (const name of hopByHopHeaders) {
    delete response.headers[name]
    delete response.multiValueHeaders?.[name]
  }
  return response
}

// The server's limit, too (server/http-server.ts). An event may have up to 6 MB.
const maxUrlLength = 16_384

// Fastify's inject adds `connection`, as a server does. HTTP/2 forbids these headers in a response
// (RFC 9113, 8.2.2), and a load balancer may pass them on.
const hopByHopHeaders = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]

type Response = LambdaResponse & { multiValueHeaders?: Record<string, string[]> }

/** Responds without the app, in a form that each event source understands. */
function refuse(
  status: number,
  detail: string,
  { awsRequestId: requestId }: Context,
  logFields: object
): Response {
  app.log.info({ requestId, ...logFields, status }, detail)
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
