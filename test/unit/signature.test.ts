import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type DynamoDBClientConfig, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { createDynamoDBClient, createSigner, userAgent } from '../../src/dynamodb/client.ts'
import { undiciOptions } from '../../src/dynamodb/undici-options.ts'
import { listen, listenOnFreePort } from '../support/listen.ts'

/** A request that DynamoDB receives. */
interface Received {
  request: IncomingMessage
  body: string
}

/** Creates a server that collects the requests. */
function receiver() {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    received.push({ request, body: await text(request) })
    response.end('{}')
  })
  return { received, server }
}

/** Computes the Authorization header of a received request with the SDK's own signer. */
async function expectedAuthorization(
  { request, body }: Received,
  region: string,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
): Promise<string | undefined> {
  const { headers, method = '', url = '' } = request
  const [, names = ''] = /SignedHeaders=([^,]*)/.exec(`${headers.authorization}`) ?? []
  const signed = names.split(';').map((name) => [name, String(headers[name])])
  const date = String(headers['x-amz-date'])
  const signer = new SignatureV4({
    service: 'dynamodb',
    region,
    credentials,
    sha256: Sha256,
    // The header x-amz-content-sha256 is optional for DynamoDB.
    applyChecksum: false,
  })
  const result = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: 'localhost',
      path: url,
      query: {},
      headers: Object.fromEntries(signed),
      body,
    },
    { signingDate: date.replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:') }
  )
  return result.headers.authorization
}

const visible = fc.stringMatching(/^[!-~]{1,60}$/)
const calls = fc.record({
  id: fc.string({ unit: 'binary', minLength: 1 }),
  credentials: fc.record(
    {
      accessKeyId: fc.stringMatching(/^[A-Z0-9]{1,20}$/),
      secretAccessKey: visible,
      sessionToken: visible,
    },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] }
  ),
  region: fc.constantFrom('eu-central-1', 'us-gov-west-1', 'local'),
  host: fc.constantFrom('127.0.0.1', 'localhost', '[::1]'),
  path: fc.constantFrom(
    '',
    '/',
    '/some/path',
    '/some/path/',
    '/a%20b',
    '/caf%C3%A9',
    '/a+b/~c',
    '/(a)'
  ),
  systemClockOffset: fc.integer({ min: -1e9, max: 1e9 }),
})

const clients: [name: string, options: () => DynamoDBClientConfig][] = [
  ['function', () => ({})],
  ['server', undiciOptions],
]
for (const [name, options] of clients) {
  t.test(`the ${name}'s client signs as the SDK's signer does`, async (t) => {
    // With these, the SDK adds the header X-Amzn-Trace-Id, which proxies may change.
    process.env.AWS_LAMBDA_FUNCTION_NAME = 'function'
    process.env._X_AMZN_TRACE_ID = 'Root=1-0-0'
    t.teardown(() => {
      delete process.env.AWS_LAMBDA_FUNCTION_NAME
      delete process.env._X_AMZN_TRACE_ID
    })
    const { received, server } = receiver()
    const port = await listenOnFreePort(server, '::')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })

    const property = fc.asyncProperty(calls, async (call) => {
      const { id, credentials, host, path, region, systemClockOffset } = call
      const client = createDynamoDBClient({
        ...options(),
        endpoint: `http://${host}:${port}${path}`,
        region,
        credentials,
        systemClockOffset,
      })
      await client.send(new PutItemCommand({ TableName: 'table', Item: { PK: { S: id } } }))
      client.destroy()

      const [last] = received.splice(0)
      if (!last) throw new Error('no request has arrived')
      const { authorization, ...headers } = last.request.headers
      t.equal(authorization, await expectedAuthorization(last, region, credentials))
      t.equal(headers['x-amz-security-token'], credentials.sessionToken)
      t.match(authorization, /SignedHeaders=\S*host;\S*x-amz-date;\S*x-amz-target,/)
      t.match(headers, { host: `${host}:${port}`, 'x-amzn-trace-id': 'Root=1-0-0' })
    })
    await fc.assert(property)
  })
}

t.test('the signature has the region and the service that the endpoint requires', async (t) => {
  const credentials = async () => ({ accessKeyId: 'A', secretAccessKey: 'secret' })
  const scheme = { name: 'sigv4', signingName: 'other', signingRegion: 'us-east-1', properties: {} }
  const signer = createSigner({ credentials, region: async () => 'local' }, scheme)

  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'https:',
    hostname: 'localhost',
    path: '/',
    query: {},
    headers: {},
    body: '{}',
  })

  t.match(headers.authorization, /Credential=A\/\d{8}\/us-east-1\/other\/aws4_request,/)
})

t.test('requests carry the name and version of the application', async (t) => {
  t.equal(userAgent, `${manifest.name}/${manifest.version}`)
  const { received, server } = receiver()
  const endpoint = `http://127.0.0.1:${await listen(t, server)}`
  const credentials = { accessKeyId: 'A', secretAccessKey: 'secret' }
  const client = createDynamoDBClient({ endpoint, region: 'local', credentials })
  t.teardown(() => client.destroy())

  await client.send(new PutItemCommand({ TableName: 'table', Item: { PK: { S: '1' } } }))

  t.equal(received[0]?.request.headers['user-agent'], userAgent)
})
