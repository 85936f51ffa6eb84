import { createServer } from 'node:http'
import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import t, { type Test } from 'tap'
import { type Config, readConfig } from '../../src/config.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { localConnection, startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'
import { startServer } from '../../src/server/server.ts'
import { listen } from '../support/listen.ts'
import { noAwsSettings, setVariables } from '../support/set-variables.ts'

/** The start ends with one line about what only an operator can change, and waits for the rest. */
const config: Config = readConfig({
  DYNAMODB_TABLE_NAME: 'test',
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'silent',
})

/** Starts a DynamoDB that rejects each request. */
async function startRejecting(t: Test, status: number, type?: string, message?: string) {
  const server = createServer((request, response) => {
    const body = type && JSON.stringify({ __type: `com.amazonaws.dynamodb#${type}`, message })
    const headers = { 'content-type': 'application/x-amz-json-1.0' }
    request.resume().on('end', () => response.writeHead(status, headers).end(body))
  })
  return localConnection(`http://127.0.0.1:${await listen(t, server)}`)
}

t.test('a table with other keys stops the start', async (t) => {
  const { connection, close } = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(connection)
  t.teardown(async () => {
    client.destroy()
    await close()
  })
  await client.send(
    new CreateTableCommand({
      TableName: config.DYNAMODB_TABLE_NAME,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    })
  )

  await t.rejects(startServer(config, { connection }), {
    name: 'ConfigError',
    message:
      'DYNAMODB_TABLE_NAME must be a table with the keys of template.yaml; DynamoDB says of "test": The provided key element does not match the schema.',
  })
})

const credentials = 'AWS credentials must be valid and allow dynamodb:GetItem on the table "test"'
const rejections: [status: number, type: string | undefined, message: string][] = [
  [400, 'UnrecognizedClientException', `${credentials}; AWS says: UnrecognizedClientException.`],
  [400, 'InvalidSignatureException', `${credentials}; AWS says: InvalidSignatureException.`],
  [400, 'ExpiredTokenException', `${credentials}; AWS says: ExpiredTokenException.`],
  [403, 'IncompleteSignatureException', `${credentials}; AWS says: IncompleteSignatureException.`],
  [
    400,
    'AccessDeniedException',
    `${credentials}; AWS says: AccessDeniedException: the first line.`,
  ],
  [
    404,
    undefined,
    'AWS_ENDPOINT_URL_DYNAMODB must be the URL of DynamoDB; the response there is 404 without an error of DynamoDB.',
  ],
]
for (const [status, type = 'no error', message] of rejections) {
  t.test(`DynamoDB's ${status} with ${type} stops the start`, async (t) => {
    const error = type === 'no error' ? undefined : type
    const connection = await startRejecting(
      t,
      status,
      error,
      'the first line\nanother with a secret'
    )
    await t.rejects(startServer(config, { connection }), { name: 'ConfigError', message })
  })
}

const outages: [status: number, type: string][] = [
  [400, 'ThrottlingException'],
  [400, 'ProvisionedThroughputExceededException'],
  [500, 'InternalServerError'],
  [503, 'ServiceUnavailable'],
]
for (const [status, type] of outages) {
  t.test(`DynamoDB's ${type} does not stop the start`, async (t) => {
    const server = await startServer(config, { connection: await startRejecting(t, status, type) })
    await server.close()
  })
}

t.test('a key with a line break stops the start', async (t) => {
  const connection = localConnection('http://127.0.0.1:1')
  const keys = { accessKeyId: 'key\n', secretAccessKey: 'secret' }
  await t.rejects(startServer(config, { connection: { ...connection, credentials: keys } }), {
    name: 'ConfigError',
    message: /^AWS credentials must be free of line breaks /,
  })
})

const role = 'role_arn = arn:aws:iam::123456789012:role/hello'
const settings: [what: string, profile: string, message: RegExp][] = [
  [
    'an expired login',
    `sso_start_url = https://example.com
    sso_region = eu-central-1
    sso_account_id = 123456789012
    sso_role_name = hello`,
    /; there are none: The SSO session .* is invalid\. To refresh .* run aws sso login .*\.$/,
  ],
  [
    'a role that needs MFA',
    `${role}
    source_profile = base
    mfa_serial = arn:aws:iam::123456789012:mfa/me`,
    /; there are none: Profile test requires multi-factor authentication, .*\.$/,
  ],
  [
    'a role of a profile that does not exist',
    `${role}
    source_profile = missing`,
    /; there are none: Could not resolve credentials using profile: \[missing\] .*\.$/,
  ],
  [
    'a role of itself',
    `${role}
    source_profile = other`,
    /; there are none: .*\.$/,
  ],
  [
    'a process that fails',
    'credential_process = cat no-such-file',
    /; there are none: Command failed: cat no-such-file\. Web identity .*\.$/,
  ],
  [
    'a process whose output is not JSON',
    'credential_process = echo secret',
    /; there are none: Profile test credential_process returned invalid JSON\. .*\.$/,
  ],
  [
    'a token file that does not exist',
    `${role}
    web_identity_token_file = /no/such/file`,
    /^The variables and files of the AWS SDK must be valid; it says: ENOENT: .*'\/no\/such\/file'\.$/,
  ],
  [
    'an endpoint that is no URL',
    'endpoint_url = localhost:8000',
    /^AWS_ENDPOINT_URL, or endpoint_url in .*, must be an http or https URL; it is "localhost:8000"\.$/,
  ],
  [
    'a region that cannot be part of a host name',
    'region = eu central',
    /^AWS_REGION must be the region of the table, .*; the AWS SDK says: Region not accepted: .*\.$/,
  ],
]
for (const [what, profile, message] of settings) {
  t.test(`a profile with ${what} stops the start`, async (t) => {
    const file = `
    [profile test]
    region = local
    ${profile}
    [profile base]
    aws_access_key_id = key
    aws_secret_access_key = secret
    [profile other]
    ${role}
    source_profile = test`.replace(/^ +/gm, '')
    const AWS_CONFIG_FILE = `${t.testdir({ config: file })}/config`
    const names = { AWS_ENDPOINT_URL_DYNAMODB: undefined, AWS_REGION: undefined }
    setVariables(t, { ...noAwsSettings, ...names, AWS_CONFIG_FILE, AWS_PROFILE: 'test' })

    await t.rejects(startServer(config), { name: 'ConfigError', message })
  })
}

t.test('settings that exclude each other stop the start', async (t) => {
  setVariables(t, { AWS_USE_FIPS_ENDPOINT: 'true' })
  await t.rejects(startServer(config, { connection: localConnection('http://127.0.0.1:1') }), {
    name: 'ConfigError',
    message:
      'The variables and files of the AWS SDK must be valid; it says: Invalid Configuration: FIPS and custom endpoint are not supported.',
  })
})
