import { tracingChannel } from 'node:diagnostics_channel'
import type {
  DynamoDBClient,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb'
import type { FinalizeRequestMiddleware, InitializeMiddleware } from '@smithy/types'

/** A request to DynamoDB, with all its attempts, as the channel publishes it. */
export interface DynamoDBRequest {
  /** Such as GetItem. */
  operation: string
  /** Not for operations on several tables. */
  tableName: string | undefined
  /** Of `performance.now()`. */
  start: number
  /** The attempts so far. */
  attempts: number
  /** From the end on. Beside `$metadata`, the output contains data, which must not be logged. */
  result?: { output: ServiceOutputTypes }
  /** From the end on, if the request failed. The AWS SDK's errors have `$metadata`, too. */
  error?: unknown
}

/**
 * The requests to DynamoDB, for what observes them, such as the log. Without a subscriber, nothing is
 * published. (Node.js, "Diagnostics Channel", "Class: TracingChannel": `start` when a request starts,
 * `asyncEnd` when it has ended.)
 */
export const dynamoDBRequests = tracingChannel<unknown, DynamoDBRequest>('dynamodb.request')

const key = 'dynamodb.request'

/** Publishes the requests of a client. */
export function publishRequests({ middlewareStack }: DynamoDBClient): void {
  const publish: InitializeMiddleware<ServiceInputTypes, ServiceOutputTypes> =
    (next, context) => (args) => {
      if (!dynamoDBRequests.hasSubscribers) return next(args)
      const request: DynamoDBRequest = {
        operation: String(context.commandName).replace(/Command$/, ''),
        tableName: 'TableName' in args.input ? args.input.TableName : undefined,
        start: performance.now(),
        attempts: 0,
      }
      context[key] = request
      return dynamoDBRequests.tracePromise(next, request, undefined, args)
    }
  // Around all attempts.
  middlewareStack.add(publish, { step: 'initialize', priority: 'high' })

  // The AWS SDK counts the attempts, too, but says so at the end only.
  const count: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> =
    (next, context) => (args) => {
      if (context[key]) context[key].attempts++
      return next(args)
    }
  middlewareStack.add(count, { step: 'finalizeRequest', priority: 'low' })
}
