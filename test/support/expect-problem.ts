import { STATUS_CODES } from 'node:http'
import type { Test } from 'tap'
import type { Response } from './target.ts'

/** Expects a problem document of RFC 9457 that fits its response. */
export function expectProblem(t: Test, response: Response, status: number, detail: string): void {
  const { title, instance, ...problem } = JSON.parse(response.body)
  t.strictSame(problem, { type: 'about:blank', status, detail })
  t.equal(title, STATUS_CODES[status])
  t.equal(instance, response.headers['x-request-id'])
  t.equal(response.status, status)
  t.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8')
}
