import { isThrottlingError, isTransientError } from '@smithy/core/retry'
import type { SdkError } from '@smithy/types'

/** Whether a request to AWS failed with this error: the AWS SDK adds `$metadata` to all of them. */
export function isSdkError(error: unknown): error is SdkError {
  return error instanceof Error && '$metadata' in error
}

/**
 * Whether a request to DynamoDB failed in a way that may pass: it was throttled, DynamoDB had an error
 * of its own, or responded too late or not at all. Otherwise DynamoDB refused the request, and a retry
 * would fail the same way: access denied, no such table, another key schema, an item that is too large.
 */
export function isUnavailable(error: unknown): boolean {
  if (!isSdkError(error)) return false
  return error.$fault !== 'client' || isThrottlingError(error) || isTransientError(error)
}
