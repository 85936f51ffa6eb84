import { randomUUID } from 'node:crypto'
import type { LambdaResponse } from '@fastify/aws-lambda'
import type { Context } from 'aws-lambda'
import { startEmbeddedTable } from './embedded-table.ts'
import type { EventSource } from './lambda-events.ts'
import type { Response, Target } from './target.ts'

/**
 * The Lambda handler with the events of one source, over the embedded DynamoDB. One for a process:
 * the handler's module reads the environment once.
 */
export function lambdaTarget(source: EventSource): Target {
  return {
    name: `the Lambda handler behind ${source.name}, over the embedded DynamoDB`,
    lacks: source.lacks,

    async start() {
      const table = await startEmbeddedTable()
      const env = {
        DYNAMODB_TABLE_NAME: table.tableName,
        LOG_LEVEL: 'silent',
        AWS_ENDPOINT_URL_DYNAMODB: table.connection.endpoint,
        AWS_REGION: table.connection.region,
        AWS_ACCESS_KEY_ID: table.connection.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: table.connection.credentials.secretAccessKey,
      }
      Object.assign(process.env, env)
      const { handler } = await import('../../src/lambda.ts')
      return {
        async send(request) {
          return toResponse(await handler(source.createEvent(request), createContext()))
        },
        items: table.repository,
        leftovers: table.leftovers,
        async stop() {
          await table.stop()
          for (const name of Object.keys(env)) delete process.env[name]
        },
      }
    },
  }
}

function toResponse({ statusCode, headers, body }: LambdaResponse): Response {
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
