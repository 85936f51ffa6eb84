import { createServer, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentialIdentity } from '@smithy/types'
import fc from 'fast-check'
import t from 'tap'
import { createDynamoDBClient } from '../../src/dynamodb-client.ts'
import { createRequestSigner } from '../../src/request-signer.ts'
import { listen } from '../targets/listen.ts'

const visible = fc.stringMatching(/^[!-~]{1,60}$/)
const credentials = fc.record(
  { accessKeyId: visible, secretAccessKey: fc.string(), sessionToken: visible },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] }
)
const signingDate = fc.date({ min: new Date('2000'), max: new Date('2100'), noInvalidDate: true })
const region = fc.constantFrom('eu-central-1', 'us-gov-west-1', 'local')

function createRequest(body: string) {
  return {
    method: 'POST',
    protocol: 'https:',
    hostname: 'dynamodb.eu-central-1.amazonaws.com',
    path: '/',
    query: {},
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'content-length': String(Buffer.byteLength(body)),
      host: 'dynamodb.eu-central-1.amazonaws.com',
      'amz-sdk-request': 'attempt=1; max=3',
      'user-agent': 'it may change on the way',
      'x-amzn-trace-id': 'it may change on the way',
    },
    body,
  }
}

function sdkSigner(region: string, credentials: AwsCredentialIdentity) {
  return new SignatureV4({ service: 'dynamodb', region, credentials, sha256: Sha256 })
}

t.test("a signed request is as the SDK's own signer makes it", async (t) => {
  let current: { region: string; credentials: AwsCredentialIdentity }
  // One for all, as it keeps keys.
  const signer = createRequestSigner(() => ({
    credentials: async () => current.credentials,
    region: async () => current.region,
  }))
  const property = fc.asyncProperty(
    fc.string({ unit: 'binary' }),
    credentials,
    region,
    signingDate,
    async (body, credentials, region, signingDate) => {
      current = { region, credentials }
      const request = createRequest(body)
      const expected = await sdkSigner(region, credentials).sign(request, { signingDate })
      const signed = await signer.sign(request, { signingDate })
      t.same(signed.headers, expected.headers)
    }
  )
  await fc.assert(property)
})

t.test("what the client sends bears the SDK's signature", async (t) => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' }
  const sent: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, response) => {
    sent.push({ headers: request.headers, body: await text(request) })
    response.end('{}')
  })
  const endpoint = `http://127.0.0.1:${await listen(t, server)}`
  const client = createDynamoDBClient({ endpoint, region: 'eu-central-1', credentials })
  t.teardown(() => client.destroy())

  await client.send(new PutItemCommand({ TableName: 'hello', Item: { PK: { S: 'Zoë' } } }))

  t.equal(sent.length, 1)
  for (const { headers, body } of sent) {
    const names = /SignedHeaders=([^,]*)/.exec(String(headers.authorization))?.[1]?.split(';') ?? []
    const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]))
    const request = { ...createRequest(body), headers: signed }
    const signingDate = signed['x-amz-date']?.replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:')
    const expected = await sdkSigner('eu-central-1', credentials).sign(request, { signingDate })
    t.equal(headers.authorization, expected.headers.authorization)
  }
})
