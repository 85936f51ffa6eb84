import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import type { RetryErrorInfo, RetryStrategyV2, RetryToken } from '@smithy/types'
import { agents } from './client.ts'

// A minute, whether a table does not respond (20 seconds for each of 3 attempts) or fails at once (60
// attempts, a second apart).
const timeout = 20_000
const fewAttempts = 3
const attempts = 60
const delay = 1000

/**
 * Options of a DynamoDB client for tools and set-up: unlike requests of the service, they wait up to a
 * minute for a table that is slow, throttles or is not ready yet.
 */
export const patience: DynamoDBClientConfig = {
  requestHandler: {
    connectionTimeout: timeout,
    requestTimeout: timeout,
    throwOnRequestTimeout: true,
    ...agents,
  },
  retryStrategy: createRetryStrategy(),
}

// The SDK's own strategies end early when many requests fail at the same time.
function createRetryStrategy(): RetryStrategyV2 {
  const token = (retries: number): RetryToken => ({
    getRetryCount: () => retries,
    getRetryDelay: () => delay,
  })
  return {
    acquireInitialRetryToken: async () => token(0),
    async refreshRetryTokenForRetry(previous, info) {
      const retries = previous.getRetryCount() + 1
      if (retries >= maxAttempts(info)) throw info.error
      return token(retries)
    },
    recordSuccess() {},
  }
}

function maxAttempts({ error, errorType }: RetryErrorInfo): number {
  if (errorType !== 'TRANSIENT' && errorType !== 'THROTTLING') return 1
  const code = error instanceof Error && 'code' in error && error.code
  // If nothing listens on the port, most likely nothing is about to.
  if (code === 'ECONNREFUSED') return fewAttempts
  // The SDK also calls a closed connection a TimeoutError.
  const isClosed = code === 'ECONNRESET' || code === 'EPIPE'
  return error?.name === 'TimeoutError' && !isClosed ? fewAttempts : attempts
}
