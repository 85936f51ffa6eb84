import { randomUUID } from 'node:crypto'
import http from 'node:http'
import {
  type FastifyError,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import type { DestinationStream } from 'pino'
import type { TSchema } from 'typebox'
import * as Schema from 'typebox/schema'
import { DatabaseError, type Repository } from './hello/repository.ts'
import { addHelloRoute } from './hello/route.ts'
import { commonHeaders } from './http/common-headers.ts'
import { sendProblem } from './http/problem.ts'

/** What differs between the app's homes: how requests come in. */
type Runtime = Pick<
  FastifyHttpOptions<http.Server>,
  'clientErrorHandler' | 'genReqId' | 'http' | 'keepAliveTimeout' | 'requestTimeout' | 'rewriteUrl'
>

export interface AppOptions extends Runtime {
  repository: Repository
  logLevel: string
  /** Where log lines go; by default, to standard output, written asynchronously. */
  logDestination?: DestinationStream
}

/**
 * The app, the same for the standalone server, the Lambda handler and the tests. It reads no
 * environment and opens no connection.
 */
export function buildApp({
  repository,
  logLevel,
  logDestination,
  ...runtime
}: AppOptions): FastifyInstance {
  const logController = new LogController({ requestIdLogLabel: 'requestId' })
  const app = fastify({
    logger: { level: logLevel, ...(logDestination && { stream: logDestination }) },
    logController,
    genReqId: () => randomUUID(),
    // A greeting is two calls to DynamoDB with their retries; after this many milliseconds it is
    // given up, and its caller answered.
    handlerTimeout: 2500,
    // The route's schema judges an id's length, in bytes.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER },
    // What still arrives on an open connection while the server closes is answered.
    return503OnClosing: false,
    frameworkErrors: handleRouterError,
    ...runtime,
  })

  // In place of Fastify's defaults, which generate code from schemas: at a cold start, that takes
  // longer than all the validation and serialization that follows.
  app.setValidatorCompiler<TSchema>(
    ({ schema }) =>
      (data) =>
        Schema.Check(schema, data) || { error: Schema.Errors(schema, data)[1] }
  )
  app.setSerializerCompiler(() => JSON.stringify)

  for (const method of http.METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  }
  // Each other method is refused where GET is served. HEAD too: it would run the greeting.
  app.addHook('onRoute', ({ method, url }) => {
    if (method !== 'GET') return
    const others = app.supportedMethods.filter((other) => other !== 'GET')
    app.route({ method: others, url, onRequest: refuseMethod, handler: refuseMethod })
  })
  app.addHook('onRequest', setCommonHeaders)
  app.addHook('onRequest', refuseUnknownPath)
  app.setErrorHandler(handleError)

  addHelloRoute(app, repository)
  return app

  // For these, Fastify runs no hooks, and logs that they came, but not what came of them.
  function handleRouterError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    setCommonHeaders(request, reply)
    reply.raw.once('finish', () => logController.requestCompleted(null, request, reply))
    handleError(error, request, reply)
  }
}

async function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers(commonHeaders(request.id))
}

// Both refuse in onRequest, before Fastify reads a body that nobody wants.
async function refuseUnknownPath(request: FastifyRequest, reply: FastifyReply) {
  if (request.is404) return sendProblem(request, reply, 404, 'Route not found.')
}

async function refuseMethod(request: FastifyRequest, reply: FastifyReply) {
  return sendProblem(request, reply.header('allow', 'GET'), 405, 'Method not allowed. Use GET.')
}

function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const { status, detail } = explain(error)
  // A caller that has gone away aborts its greeting; that is no failure of the service.
  if (status >= 500) request.log[reply.raw.destroyed ? 'info' : 'error'](error)
  if (status === 503) reply.header('retry-after', '1')
  sendProblem(request, reply, status, detail)
}

function explain(error: FastifyError) {
  if (error instanceof DatabaseError || error.code === 'FST_ERR_HANDLER_TIMEOUT')
    return { status: 503, detail: 'The database is unavailable. Retry later.' }
  if (error.code === 'FST_ERR_BAD_URL')
    return { status: 400, detail: 'The path is not percent-encoded UTF-8.' }
  if (error.validation) return { status: 400, detail: error.message }
  return { status: 500, detail: 'Internal error. The log has the cause under this request id.' }
}
