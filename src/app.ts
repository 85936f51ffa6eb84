import { randomUUID } from 'node:crypto'
import type http from 'node:http'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  type FastifyError,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import type { DestinationStream } from 'pino'
import type { Config } from './config.ts'
import { formats } from './dynamodb/partition-key.ts'
import { refuseUnknownRoutes } from './http/allowed-methods.ts'
import { commonHeaders } from './http/common-headers.ts'
import { setDeadline } from './http/deadline.ts'
import { handleError } from './http/error-handler.ts'
import { RequestLog } from './http/request-log.ts'
import { findTraceId } from './http/trace-id.ts'
import { loggerOptions } from './log.ts'
import { registerResources } from './resources.ts'

/** The options of Fastify that depend on where the app runs. */
type RuntimeOptions = Pick<
  FastifyHttpOptions<http.Server>,
  'ajv' | 'clientErrorHandler' | 'genReqId' | 'serverFactory' | 'rewriteUrl' | 'schemaController'
>

export interface AppOptions extends RuntimeOptions {
  client: DynamoDBDocumentClient
  config: Config
  /** Where log lines are written; by default to standard output, asynchronously. */
  logDestination?: DestinationStream
  /** Further fields of a request's log lines; by default, the id of its trace. */
  logFields?: (request: http.IncomingMessage) => object
  /** Adds what must be registered before the resources, such as documentation of their routes. */
  beforeResources?: (app: FastifyInstance) => void
}

/**
 * Builds the app: what holds for each request, and the resources. It is the same for the standalone
 * server, the Lambda handler, the tools and the tests. It reads no environment and opens no connection.
 */
export function buildApp({
  client,
  config,
  logDestination,
  logFields = ({ headers }) => ({ traceId: findTraceId(headers) }),
  beforeResources,
  ...runtimeOptions
}: AppOptions): FastifyInstance {
  const logController = new RequestLog()
  const app = fastify({
    logger: { ...loggerOptions(config), ...(logDestination && { stream: logDestination }) },
    logController,
    childLoggerFactory: (logger, bindings, options, request) =>
      logger.child({ ...bindings, ...logFields(request) }, options),
    genReqId: () => randomUUID(),
    // The schemas of the routes limit the length of parameters.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER },
    // By default, each GET route also has HEAD; a HEAD of a GET that writes would write, too.
    exposeHeadRoutes: false,
    // A request that arrives on an open connection while the server closes gets its response.
    return503OnClosing: false,
    frameworkErrors: handleRouterError,
    ajv: { customOptions: { formats } },
    ...runtimeOptions,
  })

  logController.register(app)
  app.addHook('onRequest', (request, reply, done) => {
    setCommonHeaders(request, reply)
    done()
  })
  refuseUnknownRoutes(app)
  setDeadline(app)
  app.setErrorHandler(handleError)

  beforeResources?.(app)
  registerResources(app, client, config)
  return app

  // Fastify runs no hooks for these errors, and does not log their response.
  function handleRouterError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    setCommonHeaders(request, reply)
    // Node.js would wait for the rest of the request without a limit.
    if (request.raw.complete === false) reply.header('connection', 'close')
    reply.raw.once('finish', () => logController.requestCompleted(null, request, reply))
    handleError(error, request, reply)
  }
}

function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(commonHeaders(request.id))
}
