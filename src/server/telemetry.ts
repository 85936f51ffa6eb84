import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import {
  type Context,
  context,
  DiagLogLevel,
  diag,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  ValueType,
} from '@opentelemetry/api'
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { userAgent } from '../dynamodb/client.ts'
import { type DynamoDBRequest, observeRequests, outcomeOf } from '../dynamodb/requests.ts'

// Names of spans, attributes and metrics are those of OpenTelemetry's semantic conventions. What is left
// out is what the log does not have either: headers (so no `user_agent.original`, and `server.address` is
// not the caller's Host), the query, the client's address, and messages of errors.

/** What is exported. */
interface Signals {
  traces: boolean
  metrics: boolean
}

/** Milliseconds to export what is left when the server closes. */
const flushTimeout = 2000

/**
 * Exports spans and metrics of a server's requests and of the requests to DynamoDB until the server
 * closes. OpenTelemetry's SDK reads its own variables: endpoint, headers, sampler, resource, …
 */
export function startTelemetry(app: FastifyInstance, version: string, signals: Signals): void {
  const sdk = startSdk(app.log, version, signals)
  observeServer(app)
  const unsubscribe = observeDynamoDB()

  app.addHook('onClose', async () => {
    unsubscribe()
    await Promise.race([
      sdk.shutdown().catch((error) => diag.error(String(error))),
      setTimeout(flushTimeout, undefined, { ref: false }),
    ])
  })
}

function startSdk(log: FastifyBaseLogger, version: string, { traces, metrics }: Signals): NodeSDK {
  // While a collector is away, each export fails: only the first problem is logged. With OTEL_LOG_LEVEL,
  // the SDK replaces this logger by one that prints all.
  let warn = (message: string): void => {
    warn = ignore
    // Of an error, it is all that the error has, as JSON.
    const [, cause = message] = /"message":"([^"]*)"/.exec(message) ?? []
    log.warn(`OpenTelemetry: ${cause}`)
  }
  const once = (message: string) => warn(message)
  const logger = { error: once, warn: once, info: ignore, debug: ignore, verbose: ignore }
  diag.setLogger(logger, DiagLogLevel.WARN)

  const [name] = userAgent.split('/')
  const service = resourceFromAttributes({ 'service.name': name, 'service.version': version })
  const sdk = new NodeSDK({
    resource: defaultResource().merge(service),
    instrumentations: [new RuntimeNodeInstrumentation()],
    // Without it, the SDK exports all signals. The log stays on standard output.
    ...(!traces && { spanProcessors: [] }),
    ...(!metrics && { metricReaders: [] }),
    logRecordProcessors: [],
  })
  sdk.start()
  return sdk
}

function ignore(): void {}

const methods = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']

/** A request in flight. */
interface Observed {
  context: Context
  route?: string
}

// At Node.js's server: Fastify runs no hooks for a request whose path is malformed.
function observeServer(app: FastifyInstance): void {
  const tracer = trace.getTracer('http')
  const meter = metrics.getMeter('http')
  const duration = meter.createHistogram('http.server.request.duration', {
    description: 'Duration of HTTP server requests.',
    unit: 's',
    advice: {
      explicitBucketBoundaries: [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
      ],
    },
  })
  const active = meter.createUpDownCounter('http.server.active_requests', {
    description: 'Number of active HTTP server requests.',
    unit: '{request}',
    valueType: ValueType.INT,
  })
  const inFlight = new WeakMap<IncomingMessage, Observed>()

  function observe(request: IncomingMessage, response: ServerResponse): void {
    const start = process.uptime()
    const { headers, httpVersion, socket, url = '' } = request
    const original = String(request.method)
    const method = methods.includes(original) ? original : '_OTHER'
    const common = { 'http.request.method': method, 'url.scheme': 'http' }
    const parent = propagation.extract(ROOT_CONTEXT, headers)
    const attributes = {
      ...common,
      ...(method !== original && { 'http.request.method_original': original }),
      'url.path': url.split('?', 1)[0],
      'network.protocol.version': httpVersion,
      'server.address': socket.localAddress,
      'server.port': socket.localPort,
    }
    const name = method === '_OTHER' ? 'HTTP' : method
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
    const observed: Observed = { context: trace.setSpan(parent, span) }
    // The log has the id of the trace, as if the caller had sent it.
    propagation.inject(observed.context, headers)
    inFlight.set(request, observed)
    active.add(1, common)

    response.once('close', () => {
      const { route } = observed
      // A client that closes its connection may get no response.
      const status = response.headersSent && response.statusCode
      const isError = status && status >= 500
      const outcome = {
        ...(route && { 'http.route': route }),
        ...(status && { 'http.response.status_code': status }),
        ...(isError && { 'error.type': String(status) }),
      }
      if (route) span.updateName(`${name} ${route}`)
      if (isError) span.setStatus({ code: SpanStatusCode.ERROR })
      span.setAttributes(outcome).end()
      const seconds = process.uptime() - start
      duration.record(
        seconds,
        { ...common, ...outcome, 'network.protocol.version': httpVersion },
        observed.context
      )
      active.add(-1, common)
    })
  }
  for (const event of ['request', 'checkExpectation']) app.server.prependListener(event, observe)

  app.addHook('onRequest', (request, _reply, done) => {
    const observed = inFlight.get(request.raw)
    assert(observed, 'requests come only from the server')
    observed.route = request.routeOptions.url
    context.with(observed.context, done)
  })
}

/** Returns what ends it. */
function observeDynamoDB(): () => void {
  const tracer = trace.getTracer('dynamodb')
  const duration = metrics.getMeter('dynamodb').createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
  })
  const spans = new WeakMap<DynamoDBRequest, Span>()

  function start(request: DynamoDBRequest): void {
    const { operation, tableName } = request
    const attributes = {
      ...describe(request),
      'rpc.system': 'aws-api',
      'rpc.service': 'DynamoDB',
      'rpc.method': operation,
      ...(tableName && { 'aws.dynamodb.table_names': [tableName] }),
    }
    const name = `DynamoDB.${operation}`
    spans.set(request, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }))
  }

  function end(request: DynamoDBRequest): void {
    const { attempts } = request
    const { error, httpStatusCode, requestId } = outcomeOf(request)
    const failure = error ? { 'error.type': error } : {}
    const span = spans.get(request)
    if (request.error) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.setAttributes({
      ...failure,
      ...(requestId && { 'aws.request_id': requestId }),
      ...(httpStatusCode && { 'http.response.status_code': httpStatusCode }),
      ...(attempts > 1 && { 'http.request.resend_count': attempts - 1 }),
    })
    span?.end()
    duration.record(process.uptime() - request.start, {
      ...describe(request),
      ...failure,
    })
  }

  return observeRequests(start, end)
}

function describe({ operation, tableName }: DynamoDBRequest) {
  return {
    'db.system.name': 'aws.dynamodb',
    'db.operation.name': operation,
    ...(tableName && { 'db.collection.name': tableName }),
  }
}
