import t from 'tap'
import { findStack } from '../../src/cli/stack.ts'
import { mockFailure, mockStack } from '../support/mocked-stack.ts'
import { noAwsSettings, setVariables } from '../support/set-variables.ts'

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

t.test('a stack that does not exist becomes one line with the remedy', async (t) => {
  mockFailure(t, new Error('Stack with id hello does not exist'))
  await t.rejects(findStack('hello', 'eu-central-1'), {
    name: 'ConfigError',
    message:
      'The stack must be one that is deployed; there is no "hello" in this account and eu-central-1.',
  })
})

t.test('a failure of CloudFormation becomes one line with the reason', async (t) => {
  mockFailure(t, Object.assign(new Error('not now\nmore'), { $metadata: {} }))
  await t.rejects(findStack('hello', 'eu-central-1'), {
    name: 'ConfigError',
    message: 'The stack hello cannot be read: Error: not now.',
  })
})

t.test('missing credentials become one line with the reason', async (t) => {
  setVariables(t, { ...noAwsSettings, AWS_PROFILE: 'missing' })
  await t.rejects(findStack('hello', 'eu-central-1'), {
    name: 'ConfigError',
    message: /^AWS credentials must be .*; there are none: .*\[missing\].*\.$/,
  })
})

t.test('another failure is not changed', async (t) => {
  const failure = new Error('another')
  mockFailure(t, failure)
  t.equal(await findStack('hello', 'eu-central-1').catch((error) => error), failure)
})

t.test('an endpoint that is no URL becomes one line', async (t) => {
  setVariables(t, { ...noAwsSettings, AWS_ENDPOINT_URL: 'localhost:8000' })
  await t.rejects(findStack('hello', 'eu-central-1'), {
    name: 'ConfigError',
    message: /^AWS_ENDPOINT_URL, .* must be an http or https URL; it is "localhost:8000"\.$/,
  })
})

t.test('without a region, the error names the variable to set', async (t) => {
  setVariables(t, noAwsSettings)
  await t.rejects(findStack('hello', ''), { name: 'ConfigError', message: /^AWS_DEFAULT_REGION/ })
})
