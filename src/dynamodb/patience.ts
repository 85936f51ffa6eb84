import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import type { RetryErrorInfo, RetryStrategyV2, RetryToken } from '@smithy/types'

// A minute, however a table fails: 3 attempts without a response, or 60 with an error at once.
const timeout = 20_000
const timedAttempts = 3
const attempts = 60
const delay = 1000

/**
 * Options of a DynamoDB client for tools and set-up: unlike a greeting, they wait up to a minute for a
 * table that is slow, throttles or is not ready yet.
 */
export const patience: DynamoDBClientConfig = {
  requestHandler: {
    connectionTimeout: timeout,
    requestTimeout: timeout,
    throwOnRequestTimeout: true,
  },
  retryStrategy: createRetryStrategy(),
}

// The SDK's own strategies end early when many requests fail at the same time.
function createRetryStrategy(): RetryStrategyV2 {
  const token = (retries: number): RetryToken => ({
    getRetryCount: () => retries,
    getRetryDelay: () => (retries === 0 ? 0 : delay),
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
  // If nothing listens on the port, most likely nothing is about to.
  const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
  return isRefused || (error instanceof Error && error.name === 'TimeoutError')
    ? timedAttempts
    : attempts
}
