import type { Readable } from 'node:stream'
import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  type DynamoDBClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb'
import { HttpRequest } from '@smithy/core/protocols'
import type {
  AuthScheme,
  BuildMiddleware,
  FinalizeRequestMiddleware,
  RequestSigner,
} from '@smithy/types'
import aws4 from 'aws4'
import toFastProperties from 'to-fast-properties'
import { publishRequests } from './requests.ts'

/** Milliseconds until a connection to DynamoDB must be open. */
export const connectionTimeout = 1000
/** Milliseconds until DynamoDB must respond to a request. */
export const requestTimeout = 1500

const { env } = process
const agent = {
  // No queue: a request that waits for a free connection would not be covered by a timeout.
  maxSockets: Number.POSITIVE_INFINITY,
  // As in Node.js's own agents.
  proxyEnv: env.NODE_USE_ENV_PROXY === '1' ? env : undefined,
}
/** Options of the SDK's default handler: connections without a limit, by the proxy of the environment. */
export const agents = { httpAgent: agent, httpsAgent: agent }

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
  const client: DynamoDBClient = new DynamoDBClient({
    maxAttempts: 3,
    signer: async (authScheme) => createSigner(client.config, authScheme),
    streamCollector: readBody,
    requestHandler: {
      connectionTimeout,
      requestTimeout,
      // Without it, the SDK only logs a warning when a response is late.
      throwOnRequestTimeout: true,
      ...agents,
    },
    ...options,
  })
  setUserAgent(client)
  hideResponseBodies(client)
  publishRequests(client)
  // It describes each request to a logger that does not exist here.
  client.middlewareStack.remove('loggerMiddleware')
  // The SDK copies the configuration several times for each request. It has grown so much, property by
  // property, that V8 keeps it as a dictionary, of which a copy takes six times as long.
  toFastProperties(client.config)
  return client
}

/**
 * Reads the body of a response. The SDK's own function also checks for web streams, and Node.js would load
 * them for the check; `stream.toArray()` takes longer.
 */
function readBody(stream: Readable): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => resolve(Buffer.concat(chunks)))
    stream.on('error', reject)
  })
}

/**
 * Signs a request with aws4. The SDK's signer gives the same signatures, but the SDK creates one, and
 * derives the signing key of the day, for each request: `npm run bench -- --parts warm` shows the cost.
 *
 * @param authScheme what the endpoint requires, if it differs from the client's configuration
 */
export function createSigner(
  { credentials, region }: Pick<DynamoDBClientResolvedConfig, 'credentials' | 'region'>,
  authScheme?: AuthScheme
): RequestSigner {
  return {
    async sign(request, { signingDate = Date.now() } = {}) {
      const { method, path, body } = request
      const { sessionToken, ...keys } = await credentials()
      const headers = {
        ...request.headers,
        'x-amz-date': new Date(signingDate).toISOString().replace(/[:-]|\.\d+/g, ''),
        ...(sessionToken && { 'x-amz-security-token': sessionToken }),
      }
      const service = authScheme?.signingName ?? 'dynamodb'
      const scope = authScheme?.signingRegion ?? (await region())
      const signed = aws4.sign({ method, path, headers, body, service, region: scope }, keys)
      const authorization = String(signed.headers?.Authorization)
      return { ...request, headers: { ...headers, authorization } }
    },
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

/**
 * Replaces the errors of a response that cannot be read, since they quote it: V8 and the parsers of HTTP
 * put what they cannot parse into the error, and data must not be logged.
 */
function hideResponseBodies({ middlewareStack }: DynamoDBClient): void {
  const middleware: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> =
    (next) => (args) =>
      next(args).catch((error) => {
        if (error instanceof SyntaxError) throw new Error('the response of DynamoDB is not JSON')
        if ('rawPacket' in error || error.name === 'HTTPParserError')
          throw new Error('the response of DynamoDB is not HTTP')
        throw error
      })
  // Within the retries.
  middlewareStack.add(middleware, { step: 'finalizeRequest', priority: 'low' })
}
