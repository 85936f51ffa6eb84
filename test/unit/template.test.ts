import { readFileSync } from 'node:fs'
import t from 'tap'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { yamlParse } from 'yaml-cfn'

const Template = Type.Object({
  Parameters: Type.Record(Type.String(), Type.Object({ Default: Type.Unknown() })),
  Resources: Type.Record(
    Type.String(),
    Type.Object({
      Type: Type.String(),
      Properties: Type.Record(Type.String(), Type.Unknown()),
      DeletionPolicy: Type.Optional(Type.String()),
      UpdateReplacePolicy: Type.Optional(Type.String()),
    })
  ),
  Outputs: Type.Record(Type.String(), Type.Object({ Value: Type.Unknown() })),
})

/** What readers, clients and operators rely on; cfn-lint and sam validate judge the rest. */
const path = new URL('../../template.yaml', import.meta.url)
const template = Value.Parse(Template, yamlParse(readFileSync(path, 'utf8')))

function properties(resource: string) {
  return template.Resources[resource]?.Properties ?? {}
}

t.test('the service may get and put items of this table, and nothing more', async (t) => {
  const { Policies, Role } = properties('Function')
  t.strictSame(Policies, [
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
          Resource: { 'Fn::GetAtt': ['Table', 'Arn'] },
        },
      ],
    },
  ])
  t.equal(Role, undefined)
})

t.test('the API is GET /hello/{id} in the stage Prod, and nothing else', async (t) => {
  t.strictSame(properties('Function').Events, {
    Hello: {
      Type: 'Api',
      Properties: { RestApiId: { Ref: 'Api' }, Path: '/hello/{id}', Method: 'GET' },
    },
  })
  t.equal(properties('Api').StageName, 'Prod')
  const types = Object.values(template.Resources).map(({ Type }) => Type)
  t.strictSame(
    types.filter((type) => type.includes('Api')),
    ['AWS::Serverless::Api']
  )
})

// API Gateway ignores a setting without one of the two.
t.test('the API is throttled on every path and method', async (t) => {
  t.match(properties('Api').MethodSettings, [
    { ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: {}, ThrottlingBurstLimit: {} },
  ])
})

t.test('the table is encrypted, can be restored, and forgets messages that expire', async (t) => {
  t.match(properties('Table'), {
    SSESpecification: { SSEEnabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
  })
})

t.test('the table outlives its stack and its replacement', async (t) => {
  t.match(template.Resources.Table, {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  })
})

t.test('clients find the API and the table by the outputs', async (t) => {
  const endpoint = 'https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/Prod/hello/{id}'
  t.strictSame(template.Outputs.HelloPersonApi?.Value, { 'Fn::Sub': endpoint })
  t.strictSame(template.Outputs.DynamoDBTableName?.Value, { Ref: 'Table' })
  t.strictSame(template.Outputs.HelloPersonFunction?.Value, { 'Fn::GetAtt': ['Function', 'Arn'] })
  t.strictSame(template.Outputs.HelloPersonFunctionRole?.Value, {
    'Fn::GetAtt': ['FunctionRole', 'Arn'],
  })
})
