import type { Readable } from 'node:stream'
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { createRequestSigner } from './request-signer.ts'

/**
 * How many connections to DynamoDB a client opens at most. What does not get one waits, and the wait
 * counts for the time-outs.
 */
export const maxSockets = 100

/** Milliseconds for a connection to DynamoDB to open, and for a request to be answered. */
export const connectionTimeout = 1000
export const requestTimeout = 1500

/** It tells a logger that there is not, and DynamoDB of the versions of the SDK and of Node.js. */
export const unneededMiddleware = ['loggerMiddleware', 'getUserAgentMiddleware']

/**
 * A DynamoDB client that gives up: left alone, the AWS SDK waits without end for a connection and
 * for an answer. It keeps connections open, so make one for the life of the process, and `destroy`
 * it in the end.
 *
 * It is tuned, too, as the SDK takes most of the processor time of a greeting: it has a signer and a
 * collector of answers of its own, and less middleware; the server's has a request handler, too. Each
 * of them is worth its lines, as `npm run bench` shows with each alone (the part "tunings").
 *
 * @param connection where to connect to, if not where the SDK's own variables say
 */
export function createDynamoDBClient(connection: DynamoDBClientConfig = {}): DynamoDBClient {
  const client: DynamoDBClient = new DynamoDBClient({
    maxAttempts: 3,
    signer: async () => signer,
    streamCollector: collect,
    requestHandler: {
      connectionTimeout,
      requestTimeout,
      // Without it, the SDK only logs a warning when an answer is late.
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets },
      httpsAgent: { maxSockets },
    },
    ...connection,
  })
  const signer = createRequestSigner(() => client.config)
  for (const name of unneededMiddleware) client.middlewareStack.remove(name)
  return client
}

/**
 * Collects the bytes of an answer. The SDK's own way looks whether a stream is one of the web: for
 * that, Node.js loads those, at a cold start.
 */
export function collect(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('end', () => resolve(Buffer.concat(chunks)))
    stream.once('error', reject)
  })
}
