import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Pool } from 'undici'
import { listenOnFreePort } from './listen.ts'

/** A text in the errors of the proxy that no response and no log line of the service may quote. */
export const internals = 'arn:aws:dynamodb:eu-central-1:123456789012:table/secret-table'

/** The faults that a plan can inject into a request to DynamoDB. */
export const faults = [
  'reset before it is applied',
  'reset after it is applied',
  'hang before it is applied',
  'hang after it is applied',
  'drip',
  'garbage',
  'no HTTP',
  'half a body',
  'throttle',
  'error 500',
  'error 503',
  'expired credentials',
  'missing table',
] as const

export type Fault = (typeof faults)[number]

/** A request to DynamoDB, as a plan sees it. */
export interface DynamoDBRequest {
  /** Such as `GetItem`. */
  operation: string
  /** 1 for the first attempt, 2 for the SDK's first retry, and so on. */
  attempt: number
  /** The partition key of the first item that the request names; `undefined` if it names none. */
  partitionKey: string | undefined
}

/** Returns the fault of a request; `undefined` forwards the request. */
export type Plan = (request: DynamoDBRequest) => Fault | undefined

const errors: { [fault in Fault]?: [status: number, type: string] } = {
  throttle: [400, 'ProvisionedThroughputExceededException'],
  'error 500': [500, 'InternalServerError'],
  'error 503': [503, 'ServiceUnavailable'],
  'expired credentials': [400, 'ExpiredTokenException'],
  'missing table': [400, 'ResourceNotFoundException'],
}

export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>

/**
 * Starts a proxy between the service and a DynamoDB, which injects the faults of a plan; `stop` it at the
 * end. The service runs unchanged: the faults are those of a network and of DynamoDB.
 *
 * @param endpoint of the DynamoDB
 * @param host the address to listen on: of this machine, or one that containers can reach
 */
export async function startFaultProxy(endpoint: string, host = '127.0.0.1') {
  const dynamodb = new Pool(endpoint)
  const inFlight = new Set<Promise<unknown>>()
  const injected = new Map<string, number>()
  let plan: Plan = () => undefined

  const server = createServer(async (request, response) => {
    // The client may close its connection before the response.
    response.on('error', () => {})
    const body = await buffer(request).catch(() => undefined)
    if (!body) return
    const fault = plan(readRequest(request.headers, body))
    if (fault) count(fault)
    const work = respond(fault, request.headers, body, response)
    inFlight.add(work)
    await work.finally(() => inFlight.delete(work))
  })
  const port = await listenOnFreePort(server, host)

  function count(fault: string): void {
    injected.set(fault, (injected.get(fault) ?? 0) + 1)
  }

  async function forward(headers: IncomingHttpHeaders, body: Buffer) {
    const { host: _, connection: __, ...others } = headers
    const response = await dynamodb.request({ method: 'POST', path: '/', headers: others, body })
    return { status: response.statusCode, text: await response.body.text() }
  }

  async function respond(
    fault: Fault | undefined,
    headers: IncomingHttpHeaders,
    body: Buffer,
    response: ServerResponse
  ): Promise<void> {
    const socket = response.socket
    if (fault === 'reset before it is applied') return void socket?.resetAndDestroy()
    if (fault === 'hang before it is applied') return
    const error = fault && errors[fault]
    if (error) {
      const [status, type] = error
      return reply(
        response,
        status,
        JSON.stringify({ __type: `com.amazon#${type}`, message: internals })
      )
    }

    const { status, text } = await forward(headers, body)
    if (fault === undefined) return reply(response, status, text)
    if (fault === 'reset after it is applied') socket?.resetAndDestroy()
    // V8's error quotes the characters around the first one that is not JSON.
    if (fault === 'garbage') reply(response, 200, `${text.replace(/}+$/, '')},"":${internals}`)
    if (fault === 'no HTTP') socket?.end(internals)
    if (fault === 'half a body') {
      writeHead(response, status, text)
      response.write(text.slice(0, text.length / 2), () => socket?.resetAndDestroy())
    }
    if (fault === 'drip') drip(response, status, text)
  }

  return {
    endpoint: `http://${host}:${port}`,
    /** The number of times that each fault was injected. */
    injected,
    follow(next: Plan): void {
      plan = next
    },
    /** Closes the connections, as a peer does when it restarts, or after an idle timeout. */
    cut(): void {
      count('cut')
      server.closeAllConnections()
    },
    /** Refuses connections until `accept` is called. */
    async refuse(): Promise<void> {
      count('refuse')
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    async accept(): Promise<void> {
      server.listen(port, host)
      await once(server, 'listening')
    },
    /** Resolves when no request is in flight to DynamoDB. */
    async settled(): Promise<void> {
      await Promise.all(inFlight)
    },
    async stop(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await dynamodb.close()
    },
  }
}

function readRequest(headers: IncomingHttpHeaders, body: Buffer): DynamoDBRequest {
  const [, operation = ''] = String(headers['x-amz-target']).split('.')
  const [, attempt = '1'] = /attempt=(\d+)/.exec(String(headers['amz-sdk-request'])) ?? []
  return { operation, attempt: Number(attempt), partitionKey: readPartitionKey(body) }
}

function readPartitionKey(body: Buffer): string | undefined {
  try {
    const request: unknown = JSON.parse(body.toString())
    return findKey(request) ?? findQueriedKey(request)
  } catch {
    return undefined
  }
}

/** Finds the first partition key in a key or an item, however deep: transactions and batches nest them. */
function findKey(value: unknown): string | undefined {
  const { PK, ...others } = fields(value)
  return readText(PK) ?? Object.values(others).map(findKey).find(isText)
}

/** Finds the value that the condition of a Query compares the partition key with. */
function findQueriedKey(request: unknown): string | undefined {
  const { KeyConditionExpression, ExpressionAttributeValues } = fields(request)
  const [, name = ''] = /=\s*(:\w+)/.exec(String(KeyConditionExpression)) ?? []
  return readText(fields(ExpressionAttributeValues)[name])
}

/** Reads an attribute's value: `{ S: text }`. */
function readText(attribute: unknown): string | undefined {
  const { S } = fields(attribute)
  return isText(S) ? S : undefined
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function writeHead(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
  })
}

function reply(response: ServerResponse, status: number, text: string): void {
  writeHead(response, status, text)
  response.end(text)
}

/** Responds byte by byte, and never sends the last one. */
function drip(response: ServerResponse, status: number, text: string): void {
  writeHead(response, status, text)
  response.flushHeaders()
  const bytes = [...Buffer.from(text)].slice(0, -1)
  const timer = setInterval(() => {
    const byte = bytes.shift()
    if (response.destroyed) clearInterval(timer)
    else if (byte !== undefined) response.write(Buffer.of(byte))
  }, 200)
}
