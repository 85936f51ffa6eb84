import * as Type from 'typebox'
import { Problem } from './problem.ts'

/** The headers of each response (common-headers.ts), for a route's response schema. */
export const headers = {
  'Cache-Control': Type.Literal('no-store'),
  'X-Content-Type-Options': Type.Literal('nosniff'),
  'X-Request-Id': Type.String({ description: 'Identifies the request in the log' }),
}

/** The response of a problem, for a route's response schema. */
export const problem = {
  headers,
  content: { 'application/problem+json': { schema: Problem } },
}

/** The response of a problem that may pass. */
export const retryLater = {
  ...problem,
  headers: { ...headers, 'Retry-After': Type.String({ description: 'Seconds to wait' }) },
}

/** A path parameter that is a partition key of DynamoDB (dynamodb/partition-key.ts). */
export function partitionKey(options?: { examples?: string[] }) {
  return Type.String({
    description: 'Any text of 1 to 2,048 bytes of UTF-8, used as it is after percent-decoding.',
    format: 'partition-key',
    minLength: 1,
    ...options,
  })
}
