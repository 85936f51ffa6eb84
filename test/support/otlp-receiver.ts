import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import protobuf from 'protobufjs'
import type { Test } from 'tap'
import { listen } from './listen.ts'

// The parts of OTLP that the tests read, with the field numbers of its definition
// (opentelemetry-proto). The exporter's own code does not decode it here.
const { root } = protobuf.parse(
  `syntax = "proto3";
  message Any {
    oneof value { string text = 1; bool flag = 2; int64 int = 3; double double = 4; Array array = 5; }
  }
  message Array { repeated Any values = 1; }
  message Attribute { string key = 1; Any value = 2; }
  message Resource { repeated Attribute attributes = 1; }

  message Traces { repeated ResourceSpans resources = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopes = 2; }
  message ScopeSpans { repeated Span items = 2; }
  message Span {
    bytes traceId = 1; bytes spanId = 2; bytes parentSpanId = 4; string name = 5; Kind kind = 6;
    fixed64 start = 7; fixed64 end = 8; repeated Attribute attributes = 9; Status status = 15;
  }
  enum Kind { UNSPECIFIED = 0; INTERNAL = 1; SERVER = 2; CLIENT = 3; }
  message Status { string message = 2; Code code = 3; }
  enum Code { UNSET = 0; OK = 1; ERROR = 2; }

  message Metrics { repeated ResourceMetrics resources = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scopes = 2; }
  message ScopeMetrics { repeated Metric items = 2; }
  message Metric {
    string name = 1; string unit = 3;
    oneof data { Numbers gauge = 5; Numbers sum = 7; Histogram histogram = 9; }
  }
  message Numbers { repeated Number points = 1; }
  message Number {
    repeated Attribute attributes = 7; oneof value { double double = 4; sfixed64 int = 6; }
  }
  message Histogram { repeated Distribution points = 1; }
  message Distribution {
    repeated Attribute attributes = 9; fixed64 count = 4; double sum = 5; repeated double bounds = 7;
  }`,
  { keepCase: true }
)

type Value = { text: string } | { int: number } | { array: { values: Value[] } }
type Attribute = { key: string; value: Value }
interface Export<T> {
  resources: { resource: { attributes: Attribute[] }; scopes: { items: T[] }[] }[]
}
interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: string
  start: number
  end: number
  attributes: Attribute[]
  status: { message?: string; code?: string }
}
interface Point {
  attributes: Attribute[]
  /** Of a gauge or a sum. */
  int?: number
  double?: number
  /** Of a histogram, as what follows. */
  count?: number
  sum?: number
  bounds?: number[]
}
interface Metric {
  name: string
  unit: string
  gauge?: { points: Point[] }
  sum?: { points: Point[] }
  histogram?: { points: Point[] }
}

export type Respond = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Starts a collector of OpenTelemetry, which receives OTLP over HTTP.
 *
 * @param respond by default, with 200
 */
export async function startOtlpReceiver(
  t: Test,
  respond: Respond = (_request, response) => response.end()
) {
  const arrivals = new EventEmitter()
  const received: { path: string; headers: IncomingMessage['headers']; body: Buffer }[] = []
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    received.push({ path: String(request.url), headers: request.headers, body })
    respond(request, response)
    arrivals.emit('arrival')
  })
  const endpoint = `http://127.0.0.1:${await listen(t, server)}`

  function decode(type: string, path: string) {
    return received
      .filter((request) => request.path === path)
      .map(({ body }) => {
        const message = root.lookupType(type)
        return message.toObject(message.decode(body), {
          longs: Number,
          bytes: String,
          enums: String,
        })
      })
  }

  return {
    endpoint,
    received,
    /** Waits until something has arrived for which `find` returns a value. */
    async until<T>(find: () => T | undefined): Promise<T> {
      for (;;) {
        const found = find()
        if (found) return found
        await once(arrivals, 'arrival')
      }
    },
    /** The spans, with the attributes of spans and of their resource as objects. */
    spans() {
      const exports: Partial<Export<Span>>[] = decode('Traces', '/v1/traces')
      return items(exports).map(({ item, resource }) => ({
        ...item,
        traceId: toHex(item.traceId),
        spanId: toHex(item.spanId),
        parentSpanId: toHex(item.parentSpanId),
        attributes: toObject(item.attributes),
        resource,
      }))
    },
    /** The metrics, in the order in which they arrived. */
    metrics() {
      const exports: Partial<Export<Metric>>[] = decode('Metrics', '/v1/metrics')
      return items(exports).map(({ item: { name, unit, gauge, sum, histogram }, resource }) => ({
        name,
        unit,
        type: gauge ? 'gauge' : sum ? 'sum' : 'histogram',
        points: ((gauge ?? sum ?? histogram)?.points ?? []).map((point) => ({
          ...point,
          attributes: toObject(point.attributes),
        })),
        resource,
      }))
    },
  }
}

function items<T>(exports: Partial<Export<T>>[]) {
  return exports
    .flatMap(({ resources = [] }) => resources)
    .flatMap(({ resource, scopes }) =>
      scopes
        .flatMap(({ items }) => items)
        .map((item) => ({ item, resource: toObject(resource.attributes) }))
    )
}

function toHex(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('hex')
}

function toObject(attributes: Attribute[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, toPlain(value)]))
}

function toPlain(value: Value): unknown {
  if ('array' in value) return value.array.values.map(toPlain)
  return Object.values(value)[0]
}
