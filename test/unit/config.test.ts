import t from 'tap'
import { ConfigError, readConfig } from '../../src/config.ts'

const valid = { DYNAMODB_TABLE_NAME: 'table' }

t.test('variables that are not set or empty have their defaults', async (t) => {
  const defaults = {
    ...valid,
    HOST: '0.0.0.0',
    PORT: 3000,
    LOG_LEVEL: 'info',
    MESSAGE_DAYS: 0,
    SERVICE_VERSION: 'dev',
  }
  t.strictSame(readConfig(valid), defaults)
  const empty = {
    HOST: '',
    PORT: '',
    LOG_LEVEL: '',
    MESSAGE_DAYS: '',
    SERVICE_VERSION: '',
    AWS_REGION: '',
    AWS_ENDPOINT_URL: '',
    AWS_ENDPOINT_URL_DYNAMODB: '',
  }
  t.strictSame(readConfig({ ...valid, ...empty }), defaults)
})

t.test('variables that are set are used', async (t) => {
  const env = { DYNAMODB_TABLE_NAME: 'a-b_c.D9', HOST: '::1', PORT: '65535', LOG_LEVEL: 'trace' }
  const aws = {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: 'HTTPS://[::1]:8000/path',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb:8000',
  }
  const config = readConfig({ ...env, ...aws, MESSAGE_DAYS: '30', SERVICE_VERSION: '1.2.3' })
  t.strictSame(config, {
    ...env,
    PORT: 65535,
    MESSAGE_DAYS: 30,
    SERVICE_VERSION: '1.2.3',
  })
})

const wrong: [variables: NodeJS.ProcessEnv, message: string][] = [
  [
    { DYNAMODB_TABLE_NAME: undefined },
    'DYNAMODB_TABLE_NAME must be the name of a DynamoDB table: 3 to 255 letters, digits, "_", "-" or "."; it is not set.',
  ],
  [
    { DYNAMODB_TABLE_NAME: 'my table' },
    'DYNAMODB_TABLE_NAME must be the name of a DynamoDB table: 3 to 255 letters, digits, "_", "-" or "."; it is "my table".',
  ],
  ...['abc', '-1', '3000.5', '0x10', '65536', '1e3', ' '].map(
    (PORT): [NodeJS.ProcessEnv, string] => [
      { PORT },
      `PORT must be a port number from 0 (any free port) to 65535; it is "${PORT}".`,
    ]
  ),
  [
    { LOG_LEVEL: 'verbose' },
    'LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent; it is "verbose".',
  ],
  [
    { MESSAGE_DAYS: '1.5' },
    'MESSAGE_DAYS must be the days until a message may be deleted, up to 36500, or 0 (never); it is "1.5".',
  ],
  ...[
    'localhost:8000',
    '127.0.0.1:8000',
    '//127.0.0.1:8000',
    'ftp://127.0.0.1',
    'unix:///dynamodb',
    '"http://127.0.0.1:8000"',
    "'http://127.0.0.1:8000'",
    'http://127.0.0.1:8000"',
    'http://dynamo db:8000',
    ' http://127.0.0.1:8000',
    'http://127.0.0.1:8000\n',
    'http:127.0.0.1:8000',
    'http://127.0.0.1:80000',
    'http://[::1',
    'http://',
    'http:///dynamodb',
    'http://:8000',
  ].flatMap((url) =>
    ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_DYNAMODB'].map((name): [NodeJS.ProcessEnv, string] => [
      { [name]: url },
      `${name} must be an http or https URL, like http://127.0.0.1:8000; it is ${JSON.stringify(url)}.`,
    ])
  ),
  ...[
    'eu central 1',
    '"eu-central-1"',
    'eu-central-1 ',
    'eu-central-1\n',
    'eu_central_1',
    'eu.central.1',
    'eu-central-1/',
    '-eu',
    'eu-',
    '*',
    'Europe (Frankfurt)',
    'a'.repeat(64),
  ].map((AWS_REGION): [NodeJS.ProcessEnv, string] => [
    { AWS_REGION },
    `AWS_REGION must be the region of the table, like eu-central-1; it is ${JSON.stringify(AWS_REGION)}.`,
  ]),
]
for (const [variables, message] of wrong) {
  t.test(`readConfig rejects ${JSON.stringify(variables)}`, async (t) => {
    t.throws(() => readConfig({ ...valid, ...variables }), new ConfigError(message))
  })
}

t.test('one line names all malformed variables', async (t) => {
  t.throws(() => readConfig({ PORT: 'x\ny' }), {
    message: /^DYNAMODB_TABLE_NAME must be .*\. PORT must be .* it is "x\\ny"\.$/,
  })
})
