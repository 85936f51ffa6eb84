import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { UndiciHttpHandler } from '@smithy/undici-http-handler'
import { agents, connectionTimeout, requestTimeout } from './client.ts'

/**
 * The options of a DynamoDB client that sends its requests with undici: a busy server handles more
 * requests per second with it than with the SDK's default handler. Only for the server: a cold start
 * of the function is over before undici would have been worth loading. Behind a proxy, it is the default
 * handler, too.
 */
export function undiciOptions(): DynamoDBClientConfig {
  if (agents.httpsAgent.proxyEnv) return {}
  const dispatcher = {
    // With HTTP/2, the default of undici 8, requests wait for the first connection to open.
    allowH2: false,
    connect: { timeout: connectionTimeout },
    headersTimeout: requestTimeout,
    bodyTimeout: requestTimeout,
    // With the default of 4 seconds, each request to a quiet server would open a new connection.
    keepAliveTimeout: 60_000,
  }
  return {
    requestHandler: new UndiciHttpHandler({ dispatcher }),
  }
}
