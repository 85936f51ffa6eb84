import t from 'tap'
import { findStack } from '../../src/cli/stack.ts'
import { mockFailure, mockStack } from '../support/mocked-stack.ts'

const outputs = {
  HelloPersonApi: 'https://example.com/Prod/hello/{id}',
  DynamoDBTableName: 'hello-Table',
}

t.test('findStack returns the outputs of a stack', async (t) => {
  mockStack(t, outputs)

  t.strictSame(await findStack('hello', 'eu-central-1'), {
    endpoint: outputs.HelloPersonApi,
    tableName: outputs.DynamoDBTableName,
    region: 'eu-central-1',
  })
})

t.test('an error names the missing output of a stack', async (t) => {
  mockStack(t, { HelloPersonApi: outputs.HelloPersonApi })
  await t.rejects(findStack('hello', 'eu-central-1'), {
    name: 'ConfigError',
    message: 'The stack hello has no output DynamoDBTableName: it must be made of template.yaml.',
  })
})

t.test('an error names the first output of a stack without outputs', async (t) => {
  mockStack(t)
  await t.rejects(findStack('hello', 'eu-central-1'), { message: /no output HelloPersonApi/ })
})

const refusals: [name: string, message: string, line: RegExp][] = [
  [
    'ValidationError',
    'Stack with id hello does not exist',
    /^The stack must be .*; there is no "hello" in this account and eu-central-1\.$/,
  ],
  ['CredentialsProviderError', 'none', /^AWS credentials must be .*; there are none\.$/],
]
for (const [name, text, message] of refusals) {
  t.test(`a ${name} becomes one line with the remedy`, async (t) => {
    mockFailure(t, Object.assign(new Error(text), { name }))
    await t.rejects(findStack('hello', 'eu-central-1'), { name: 'ConfigError', message })
  })
}

t.test('another failure is not changed', async (t) => {
  const failure = new Error('another')
  mockFailure(t, failure)
  t.equal(await findStack('hello', 'eu-central-1').catch((error) => error), failure)
})

t.test('without a region, the error names the variable to set', async (t) => {
  const { AWS_CONFIG_FILE, AWS_PROFILE, AWS_REGION } = process.env
  t.teardown(() => restore({ AWS_CONFIG_FILE, AWS_PROFILE, AWS_REGION }))
  restore({ AWS_CONFIG_FILE: '/dev/null', AWS_PROFILE: undefined, AWS_REGION: undefined })

  await t.rejects(findStack('hello', ''), { name: 'ConfigError', message: /^AWS_DEFAULT_REGION/ })
})

function restore(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}
