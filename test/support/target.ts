import { Type } from 'typebox'
import type { Repository } from '../../src/hello/repository.ts'

export interface Request {
  method?: 'DELETE' | 'GET' | 'HEAD' | 'OPTIONS' | 'PATCH' | 'POST' | 'PUT'
  /** As on the wire, percent-encoded, with the query. */
  path: string
  headers?: Record<string, string>
  /** Text, or bytes, which an event contains in base64. */
  body?: string | Buffer
  /** The caller, as the authorizer of an API identifies it. */
  subject?: string
}

export interface Response {
  status: number
  headers: Record<string, string>
  body: string
  /** The values of Set-Cookie, for the targets that `any-resource.ts` runs on. */
  cookies?: string[]
}

/** What a handler returns for a request. */
export const LambdaResponse = Type.Object({
  statusCode: Type.Integer(),
  headers: Type.Record(Type.String(), Type.String()),
  body: Type.String(),
})

/** What the behaviour asks of a target beyond plain requests. */
export type Ability =
  | 'authorize callers'
  | 'carry dot segments'
  | 'carry encoded reserved characters'
  | 'carry encoded slashes'
  | 'carry malformed escapes'
  | 'carry repeated query keys'
  | 'freeze the clock'
  | 'pass on unknown routes'
  | 'return several cookies'
  | 'share the clock'

/** Where a specification runs. */
export interface Target {
  name: string
  /** What it does not support, each with the reason. */
  unsupported: { [ability in Ability]?: string }
  start(): Promise<StartedTarget>
}

/**
 * The number of concurrent requests that one process can handle in time while the machine is busy with
 * other work. A target holds the rest back, as the connections of a load balancer would.
 */
export const requestsAtOnce = 8

export interface StartedTarget {
  send(request: Request): Promise<Response>
  /** Seeds, reads and cleans the items of a test. */
  items: Pick<Repository, 'forget' | 'history' | 'putName'>
  /** What is left of the ids in the table; of a table of its own, whatever is left at all. */
  leftovers(ids: string[]): Promise<unknown[]>
  stop(): Promise<void>
}
