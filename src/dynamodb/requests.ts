import { tracingChannel } from 'node:diagnostics_channel'
import type {
  DynamoDBClient,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb'
import type {
  FinalizeRequestMiddleware,
  InitializeMiddleware,
  ResponseMetadata,
} from '@smithy/types'

/** A request to DynamoDB, with all its attempts, as the channel publishes it. */
export interface DynamoDBRequest {
  /** Such as GetItem. */
  operation: string
  /** Not for operations on several tables. */
  tableName: string | undefined
  /** Of `process.uptime()`, in seconds. (Node.js would load modules for `performance`.) */
  start: number
  /** The attempts so far. */
  attempts: number
  /** From the end on. Beside `$metadata`, the output contains data, which must not be logged. */
  result?: { output: ServiceOutputTypes }
  /** From the end on, if the request failed. The AWS SDK's errors have `$metadata`, too. */
  error?: unknown
}

/**
 * The channel of the requests to DynamoDB. Without an observer, nothing is published. (Node.js,
 * "Diagnostics Channel", "Class: TracingChannel": `start` when a request starts, `asyncEnd` when it has
 * ended.)
 */
const channel = tracingChannel<unknown, DynamoDBRequest>('dynamodb.request')

const key = 'dynamodb.request'

/** Observes requests: when they start, and when they have ended. Returns what stops it. */
export function observeRequests(
  start: (request: DynamoDBRequest) => void,
  asyncEnd: (request: DynamoDBRequest) => void
): () => void {
  const subscribers = { start, asyncEnd, end: ignore, asyncStart: ignore, error: ignore }
  channel.subscribe(subscribers)
  return () => channel.unsubscribe(subscribers)
}

function ignore(): void {}

/** What the AWS SDK and Node.js add to their errors. */
interface Failure {
  $metadata?: ResponseMetadata
  code?: string
  name?: string
}

/** DynamoDB's own id and status of a request that has ended, and the name of its error. */
export function outcomeOf({ error, result }: DynamoDBRequest) {
  const { $metadata, code, name }: Failure = Object(error)
  const { httpStatusCode, requestId } = result?.output.$metadata ?? $metadata ?? {}
  // A system error of Node.js has no name of its own.
  return { httpStatusCode, requestId, error: name === 'Error' ? (code ?? name) : name }
}

/** Publishes the requests of a client. */
export function publishRequests({ middlewareStack }: DynamoDBClient): void {
  const publish: InitializeMiddleware<ServiceInputTypes, ServiceOutputTypes> =
    (next, context) => (args) => {
      if (!channel.hasSubscribers) return next(args)
      const request: DynamoDBRequest = {
        operation: String(context.commandName).replace(/Command$/, ''),
        tableName: 'TableName' in args.input ? args.input.TableName : undefined,
        start: process.uptime(),
        attempts: 0,
      }
      context[key] = request
      return channel.tracePromise(next, request, undefined, args)
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
