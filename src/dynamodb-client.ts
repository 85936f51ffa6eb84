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

/**
 * A DynamoDB client that gives up: left alone, the AWS SDK waits without end for a connection and
 * for an answer. It keeps connections open, so make one for the life of the process, and `destroy`
 * it in the end.
 *
 * It is tuned, too, as the SDK takes most of the processor time of a greeting. It differs from an
 * untuned client in three things that a benchmark has found worth their lines (`npm run bench`): its
 * signer, the middleware that it does without, and, in the server, its request handler.
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
  // They tell a logger that there is not, and DynamoDB of the versions of SDK and Node.js.
  client.middlewareStack.remove('loggerMiddleware')
  client.middlewareStack.remove('getUserAgentMiddleware')
  return client
}

// Not the SDK's, which looks whether a stream is one of the web: for that, Node.js would load those.
function collect(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('end', () => resolve(Buffer.concat(chunks)))
    stream.once('error', reject)
  })
}
