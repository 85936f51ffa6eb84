import { randomUUID } from 'node:crypto'
import type { LambdaResponse } from '@fastify/aws-lambda'
import type { Context } from 'aws-lambda'
import pLimit from 'p-limit'
import { type EmbeddedTable, startEmbeddedTable } from '../support/embedded-table.ts'
import type { EventSource } from '../support/lambda-events.ts'
import { type Response, requestsAtOnce, type Target } from '../support/target.ts'

/** The Lambda handler with the events of one source, over the embedded DynamoDB. */
export function lambdaTarget({ handler, table }: StartedHandler, source: EventSource): Target {
  return {
    name: `the Lambda handler behind ${source.name}, over the embedded DynamoDB`,
    unsupported: source.unsupported,

    async start() {
      const limit = pLimit(requestsAtOnce)
      return {
        async send(request) {
          const event = source.createEvent(request)
          return source.readResponse(await limit(handler, event, createContext()))
        },
        items: table.items,
        leftovers: table.leftovers,
        async stop() {},
      }
    },
  }
}

type Handler = typeof import('../../src/lambda/handler.ts').handler

async function loadSource(): Promise<Handler> {
  return (await import('../../src/lambda/handler.ts')).handler
}

type StartedHandler = Awaited<ReturnType<typeof startHandler>>

/**
 * Loads a handler with an environment as Lambda makes it. Once for a process: the handler's module
 * reads its environment when it is loaded.
 *
 * @param load loads the handler; by default, that of the source
 */
export async function startHandler(
  variables: Record<string, string> = {},
  load: () => Promise<Handler> | Handler = loadSource
) {
  const table = await startEmbeddedTable()
  const env = { ...lambdaEnvironment(table), ...variables }
  Object.assign(process.env, env)
  const handler = await load()

  async function stop(): Promise<void> {
    await table.stop()
    for (const name of Object.keys(env)) delete process.env[name]
  }
  return { handler, table, stop }
}

/** The variables of a function whose table is embedded. */
export function lambdaEnvironment({ connection, tableName }: EmbeddedTable) {
  return {
    DYNAMODB_TABLE_NAME: tableName,
    LOG_LEVEL: 'silent',
    AWS_ENDPOINT_URL_DYNAMODB: connection.endpoint,
    AWS_REGION: connection.region,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
  }
}

export function toResponse({ statusCode, headers, body }: LambdaResponse): Response {
  return { status: statusCode, headers, body }
}

/** The context of an invocation, with an id of its own. */
export function createContext(): Context {
  return {
    awsRequestId: randomUUID(),
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'hello',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:hello',
    logGroupName: '/aws/lambda/hello',
    logStreamName: '2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef',
    memoryLimitInMB: '128',
    getRemainingTimeInMillis: () => 3000,
    done() {},
    fail() {},
    succeed() {},
  }
}
