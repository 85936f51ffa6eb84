import type { Readable } from 'node:stream'
import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb'
import { normalizeProvider } from '@smithy/core/client'
import { HttpRequest } from '@smithy/core/protocols'
import type { SignatureV4Init } from '@smithy/signature-v4'
import type { BuildMiddleware, RequestSigner, RequestSigningArguments } from '@smithy/types'
import aws4 from 'aws4'

/** Milliseconds until a connection to DynamoDB must be open. */
export const connectionTimeout = 1000
/** Milliseconds until DynamoDB must respond to a request. */
export const requestTimeout = 1500

/** Sent with each request, so that CloudTrail shows which application made it. */
export const userAgent = 'hello-dynamodb/1.0.0'

/**
 * Creates a DynamoDB client with timeouts: by default, the AWS SDK waits without limit for a
 * connection and for a response. Create one client for the life of the process, since it keeps its
 * connections open, and `destroy` it at the end.
 *
 * @param options override the client's configuration; by default, the SDK reads its own variables
 */
export function createDynamoDBClient(options: DynamoDBClientConfig = {}): DynamoDBClient {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    signerConstructor: Aws4Signer,
    // The SDK's default also looks whether the stream is one of the web: for that, Node.js loads them.
    streamCollector: async (stream: Readable) => Buffer.concat(await stream.toArray()),
    requestHandler: {
      connectionTimeout,
      requestTimeout,
      // Without it, the SDK only logs a warning when a response is late.
      throwOnRequestTimeout: true,
      // No queue: a request that waits for a free connection would not be covered by a timeout.
      httpAgent: { maxSockets: Number.POSITIVE_INFINITY },
      httpsAgent: { maxSockets: Number.POSITIVE_INFINITY },
    },
    ...options,
  })
  setUserAgent(client)
  return client
}

/**
 * Signs with aws4, for the SDK's option `signerConstructor`. The SDK's default gives the same
 * signatures, and derives the signing key of the day anew for each request: `npm run bench -- --parts
 * tunings` shows what that costs.
 */
export class Aws4Signer implements RequestSigner {
  readonly #options: SignatureV4Init

  constructor(options: SignatureV4Init) {
    this.#options = options
  }

  async sign(request: HttpRequest, { signingDate = Date.now() }: RequestSigningArguments = {}) {
    const { credentials, region, service } = this.#options
    const date = new Date(signingDate).toISOString().replace(/[:-]|\.\d+/g, '')
    const { headers = {} } = aws4.sign(
      {
        method: request.method,
        path: request.path,
        headers: { ...request.headers, 'x-amz-date': date },
        body: request.body,
        service,
        region: await normalizeProvider(region)(),
      },
      await normalizeProvider(credentials)()
    )
    const signed = Object.entries(headers).map(([name, value]) => [name, String(value)])
    return { ...request, headers: Object.fromEntries(signed) }
  }
}

/**
 * Sends a constant user agent. The SDK's own middleware, which this one replaces, builds a list of
 * versions and features for each request.
 */
export function setUserAgent({ middlewareStack }: DynamoDBClient): void {
  const middleware: BuildMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) => {
    if (HttpRequest.isInstance(args.request)) args.request.headers['user-agent'] = userAgent
    return next(args)
  }
  middlewareStack.add(middleware, {
    name: 'getUserAgentMiddleware',
    priority: 'low',
    step: 'build',
    override: true,
  })
}
