import { readFileSync } from 'node:fs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import t from 'tap'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'

const Template = Type.Object({
  Parameters: Type.Record(
    Type.String(),
    Type.Object({ Description: Type.String(), Default: Type.Unknown() })
  ),
  Resources: Type.Record(
    Type.String(),
    Type.Object({
      Type: Type.String(),
      Condition: Type.Optional(Type.String()),
      Properties: Type.Record(Type.String(), Type.Unknown()),
      DeletionPolicy: Type.Optional(Type.String()),
      UpdateReplacePolicy: Type.Optional(Type.String()),
    })
  ),
  Outputs: Type.Record(Type.String(), Type.Object({ Value: Type.Unknown() })),
})

const Events = Type.Record(
  Type.String(),
  Type.Object({
    Type: Type.Enum(['Api', 'HttpApi']),
    Properties: Type.Object({ Path: Type.String(), Method: Type.String() }),
  })
)

const AccessLogs = Type.Object({
  'Fn::If': Type.Tuple([Type.String(), Type.Object({ Format: Type.String() }), Type.Unknown()]),
})

/** The properties that clients and operators rely on; cfn-lint and sam validate check the rest. */
const path = new URL('../../template.yaml', import.meta.url)
const template = Value.Parse(Template, parseTemplate(readFileSync(path, 'utf8')))

function properties(resource: string) {
  return template.Resources[resource]?.Properties ?? {}
}

t.test(
  'the role of the function allows GetItem and PutItem on this table, and no other action',
  async (t) => {
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
  }
)

/** Returns the routes of the app, as the template writes methods and paths. */
async function readRoutes(): Promise<string[]> {
  const routes: string[] = []
  const app = buildApp({
    client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'none' })),
    config: readConfig({ DYNAMODB_TABLE_NAME: 'none', LOG_LEVEL: 'silent' }),
    beforeResources: (app) =>
      app.addHook('onRoute', ({ method, url }) => {
        const path = url.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{proxy+}')
        for (const each of [method].flat()) routes.push(`${each} ${path}`)
      }),
  })
  await app.ready()
  await app.close()
  return routes.sort()
}

t.test('each route of the app has an event of the function, and each event a route', async (t) => {
  const events = Object.values(Value.Parse(Events, properties('Function').Events))
  const routes = events.map(({ Properties }) => `${Properties.Method} ${Properties.Path}`)
  t.strictSame(routes.sort(), await readRoutes())
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

t.test('each parameter has a default and a description', async (t) => {
  for (const [name, { Description, Default }] of Object.entries(template.Parameters)) {
    t.not(Default, undefined, name)
    t.not(Description, '', name)
  }
})

// DynamoDB encrypts each table.
t.test("the table has DynamoDB's key, or that of the account", async (t) => {
  t.equal(template.Parameters.TableKey?.Default, 'AWS_OWNED')
  t.strictSame(properties('Table').SSESpecification, {
    'Fn::If': ['HasManagedKey', { SSEEnabled: true }, { Ref: 'AWS::NoValue' }],
  })
})

t.test('the table has backups, and deletes expired messages', async (t) => {
  t.match(properties('Table'), {
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
  })
})

t.test('the table is kept when the stack is deleted or the table is replaced', async (t) => {
  t.match(template.Resources.Table, {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  })
})

// A property of the function that a version does not contain.
const unversioned = [
  'AutoPublishAlias',
  'DeploymentPreference',
  'Events',
  'Policies',
  'ProvisionedConcurrencyConfig',
  'ReservedConcurrentExecutions',
  'VersionDescription',
]

/** Returns the resources and parameters that a value refers to by `!Ref`. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => (key === 'Ref' ? each : references(each)))
}

// CloudFormation replaces a version when its description changes. Lambda refuses a version that differs
// from the previous one in its description alone.
t.test('a version changes with each parameter of the function, and with no other', async (t) => {
  const versioned = Object.entries(properties('Function')).filter(
    ([name]) => !unversioned.includes(name)
  )
  const used = new Set(references(versioned.map(([, value]) => value)))
  // It is replaced only under another name, which it does not have.
  used.delete('FunctionLogs')
  const description = JSON.stringify(properties('Function').VersionDescription)
  const described = [...description.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name)
  t.strictSame(described.sort(), [...used].sort())
})

t.test('the log of the function is JSON, and Lambda leaves out no level of it', async (t) => {
  t.strictSame(properties('Function').LoggingConfig, {
    LogGroup: { Ref: 'FunctionLogs' },
    LogFormat: 'JSON',
    ApplicationLogLevel: 'TRACE',
  })
})

t.test("a line of the API's log has the ids of the function's line", async (t) => {
  const { AccessLogSetting } = properties('Api')
  const [, { Format }] = Value.Parse(AccessLogs, AccessLogSetting)['Fn::If']
  t.notMatch(Format, '\n')
  t.match(JSON.parse(Format), {
    requestId: '$context.requestId',
    integrationId: '$context.integration.requestId',
    traceId: '$context.xrayTraceId',
    status: '$context.status',
    latency: '$context.responseLatency',
    error: '$context.error.responseType',
    userAgent: '$context.identity.userAgent',
  })
})

t.test('the outputs have the API, the table, the function and its role', async (t) => {
  const endpoint = 'https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/Prod/hello/{id}'
  t.strictSame(template.Outputs.HelloPersonApi?.Value, { 'Fn::Sub': endpoint })
  t.strictSame(template.Outputs.DynamoDBTableName?.Value, { Ref: 'Table' })
  t.strictSame(template.Outputs.HelloPersonFunction?.Value, { 'Fn::GetAtt': ['Function', 'Arn'] })
  t.strictSame(template.Outputs.HelloPersonFunctionRole?.Value, {
    'Fn::GetAtt': ['FunctionRole', 'Arn'],
  })
})
