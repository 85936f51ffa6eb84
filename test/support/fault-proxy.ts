import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { Pool } from 'undici'
import { listenOnFreePort } from './listen.ts'

/** What callers must never see of a failure. */
export const internals = 'arn:aws:dynamodb:eu-central-1:123456789012:table/secret-table'

/** What may happen to a request to DynamoDB, other than that it is answered. */
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
export interface Asked {
  id: string
  operation: 'GetItem' | 'PutItem'
  /** 1 for the first, 2 for the SDK's first retry, and so on. */
  attempt: number
}

export type Plan = (asked: Asked) => Fault | undefined

const Body = Type.Union([
  Type.Object({ Key: Type.Object({ PK: Type.Object({ S: Type.String() }) }) }),
  Type.Object({ Item: Type.Object({ PK: Type.Object({ S: Type.String() }) }) }),
])

const errors: { [fault in Fault]?: [status: number, type: string] } = {
  throttle: [400, 'ProvisionedThroughputExceededException'],
  'error 500': [500, 'InternalServerError'],
  'error 503': [503, 'ServiceUnavailable'],
  'expired credentials': [400, 'ExpiredTokenException'],
  'missing table': [400, 'ResourceNotFoundException'],
}

export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>

/**
 * Stands between the service and a DynamoDB, and does to each request what a plan says; `stop` it in
 * the end. It is outside the service, so what it does is what a network and a DynamoDB do.
 *
 * @param endpoint the DynamoDB's
 * @param host where to listen: on this machine, or where containers reach it
 */
export async function startFaultProxy(endpoint: string, host = '127.0.0.1') {
  const dynamodb = new Pool(endpoint)
  const inFlight = new Set<Promise<unknown>>()
  const injected = new Map<string, number>()
  let plan: Plan = () => undefined

  const server = createServer(async (request, response) => {
    // Who asked may be gone before the answer.
    response.on('error', () => {})
    const body = await buffer(request).catch(() => undefined)
    if (!body) return
    const fault = plan(readAsked(request.headers, body))
    if (fault) count(fault)
    const work = answer(fault, request.headers, body, response)
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

  async function answer(
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
    // V8 quotes what is around the first letter that it does not understand.
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
    /** How often each fault was done. */
    injected,
    follow(next: Plan): void {
      plan = next
    },
    /** Cuts the connections, as a peer does that is restarted, or that has seen them idle for long. */
    cut(): void {
      count('cut')
      server.closeAllConnections()
    },
    /** Refuses connections, until it is told to accept. */
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
    /** Waits until DynamoDB has done all that it was asked to. */
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

function readAsked(headers: IncomingHttpHeaders, body: Buffer): Asked {
  const parsed = Value.Parse(Body, JSON.parse(body.toString()))
  const isWrite = 'Item' in parsed
  const [, attempt = '1'] = /attempt=(\d+)/.exec(String(headers['amz-sdk-request'])) ?? []
  return {
    id: isWrite ? parsed.Item.PK.S : parsed.Key.PK.S,
    operation: isWrite ? 'PutItem' : 'GetItem',
    attempt: Number(attempt),
  }
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

/** Answers byte by byte, but for the last, which nobody waits for. */
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
