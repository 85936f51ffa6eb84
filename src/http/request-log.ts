import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { type DynamoDBRequest, observeRequests, outcomeOf } from '../dynamodb/requests.ts'

/**
 * Why a request failed, for alarms and queries:
 * - `database`: DynamoDB failed, refused a request, or had not responded at the deadline.
 * - `deadline`: the request reached its deadline, and waited for something else.
 * - `load`: the server is overloaded.
 * - `client`: the client closed the connection, which is not a failure of the service.
 * - `internal`: any other error of the service.
 */
export type Reason = 'database' | 'deadline' | 'load' | 'client' | 'internal'

declare module 'fastify' {
  interface FastifyRequest {
    /** The requests to DynamoDB of this request, in the order of their start. */
    dynamoDBRequests: LoggedRequest[] | null
  }
  interface FastifyReply {
    /** Why the request failed, with its error, if it has one. */
    failure: { reason: Reason; error?: Error } | null
    /** Whether the line of the request has been written. */
    isLogged: boolean
  }
}

const levels = {
  database: 'error',
  deadline: 'error',
  load: 'warn',
  client: 'info',
  internal: 'error',
} as const

// Not the request itself: a connection to DynamoDB keeps the store of the request that has opened it.
const current = new AsyncLocalStorage<LoggedRequest[]>()

observeRequests(
  // A request to DynamoDB may also belong to none, such as that of the server's start.
  (request) => current.getStore()?.push(request),
  (request) => {
    const requests = current.getStore() ?? []
    const index = requests.indexOf(request)
    // In place of the request, which holds the response of DynamoDB: the heap of a busy server grew twice
    // as fast with it.
    if (index >= 0) requests[index] = describe(request, true)
  }
)

/** A request to DynamoDB as the line has it, from its end on. */
type LoggedRequest = DynamoDBRequest | ReturnType<typeof describe>

function describe(request: DynamoDBRequest, hasEnded: boolean) {
  const { operation, attempts, start } = request
  const { error, requestId } = outcomeOf(request)
  // It had no response when the request ended.
  const pending = !hasEnded || error === 'AbortError'
  return {
    operation,
    ms: Math.round(1000 * (process.uptime() - start)),
    attempts,
    requestId,
    error: pending ? undefined : error,
    pending: pending || undefined,
  }
}

/** Logs one line for each request, when its response has been sent or the client has gone. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' })
  }

  /** Registers the hooks, before all others. */
  register(app: FastifyInstance): void {
    app.decorateRequest('dynamoDBRequests', null)
    app.decorateReply('failure', null)
    app.decorateReply('isLogged', false)
    app.addHook('onRequest', (request, reply, done) => {
      request.dynamoDBRequests = []
      reply.raw.once('close', () => {
        if (!reply.isLogged) this.#requestAborted(request, reply)
      })
      current.run(request.dynamoDBRequests, done)
    })
  }

  override incomingRequest(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply
  ): void {
    if (reply.isLogged) return
    if (error) reply.failure ??= { reason: 'internal', error }
    this.#log(request, reply, reply.statusCode, 'request completed')
  }

  // Fastify's own lines of these would have headers, and the request has a line already.
  override streamError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
    // Otherwise the client has gone.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') reply.failure ??= { reason: 'internal', error }
  }

  override writeHeadError(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.failure ??= { reason: 'internal', error }
  }

  override defaultErrorLog(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.failure ??= { reason: 'internal', error }
  }

  #requestAborted(request: FastifyRequest, reply: FastifyReply): void {
    reply.failure ??= { reason: 'client' }
    const { headersSent, statusCode } = reply.raw
    this.#log(
      request,
      reply,
      headersSent ? statusCode : undefined,
      'the client closed the connection'
    )
  }

  #log(request: FastifyRequest, reply: FastifyReply, status: number | undefined, message: string) {
    reply.isLogged = true
    const { method, routeOptions, url } = request
    const { error } = reply.failure ?? {}
    const dynamodb = (request.dynamoDBRequests ?? []).map((each) =>
      'start' in each ? describe(each, false) : each
    )
    const isWaiting = dynamodb.some(({ pending }) => pending)
    const reason =
      reply.failure?.reason === 'deadline' && isWaiting ? 'database' : reply.failure?.reason
    const line = {
      method,
      // Not the query, which may have credentials.
      path: url.split('?', 1)[0],
      route: routeOptions.url,
      status,
      ms: Math.round(reply.elapsedTime),
      dynamodb: dynamodb.length > 0 ? dynamodb : undefined,
      reason,
      err: error,
    }
    request.log[reason ? levels[reason] : 'info'](line, error?.message ?? message)
  }
}
