import type { IncomingHttpHeaders } from 'node:http'

// Only what has exactly this form gets into the log. (AWS X-Ray Developer Guide, "Tracing header")
const xRay = /(?:^|;) *Root=(1-[\da-f]{8}-[\da-f]{24})(?:;|$)/
// W3C Trace Context, 3.2.2: an id of only zeros is invalid.
const w3c = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:-|$)/

/** The id of the trace that a request belongs to, by the headers of AWS or of W3C Trace Context. */
export function findTraceId(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent, 'x-amzn-trace-id': amazon } = headers
  return find(xRay, amazon) ?? find(w3c, traceparent)
}

function find(pattern: RegExp, header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : pattern.exec(`${header}`)?.[1]
}
