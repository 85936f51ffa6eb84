import t from 'tap'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { metricFilters, resources } from '../support/metric-filters.ts'

// As `Fn::Sub` writes references.
const stack = `\${AWS::StackName}`
const api = `ApiName=${stack} Stage=Prod`
const table = `TableName=\${Table}`
const operations = ['GetItem', 'PutItem']

// From the pages "metrics and dimensions" of the developer guides of API Gateway, Lambda and DynamoDB.
const metricsOfAws = [
  ...['Count', '4XXError', '5XXError', 'Latency', 'IntegrationLatency'].map(
    (name) => `AWS/ApiGateway ${name} ${api}`
  ),
  ...['Invocations', 'Errors', 'Throttles', 'Duration'].map(
    (name) => `AWS/Lambda ${name} FunctionName=\${Function}`
  ),
  ...['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => `AWS/DynamoDB ${name} ${table}`),
  ...['SystemErrors', 'SuccessfulRequestLatency'].flatMap((name) =>
    operations.map((operation) => `AWS/DynamoDB ${name} ${table} Operation=${operation}`)
  ),
]

/** The reasons of the failures that a function may log. */
const reasons = ['database', 'deadline', 'internal']

const metricsOfLines = metricFilters.flatMap(({ namespace, name, dimensions }) =>
  'reason' in dimensions
    ? reasons.map((reason) => `${namespace} ${name} reason=${reason}`)
    : `${namespace} ${name}`
)

const known = [...metricsOfAws, ...metricsOfLines]

const Text = Type.Union([Type.String(), Type.Object({ Ref: Type.String() })])
const Alarm = Type.Object({
  Namespace: Text,
  MetricName: Type.String(),
  Dimensions: Type.Array(Type.Object({ Name: Type.String(), Value: Text })),
  AlarmActions: Type.Unknown(),
})

const substitute = (text: Type.Static<typeof Text>) =>
  typeof text === 'string' ? text : `\${${text.Ref}}`

const alarms = resources('AWS::CloudWatch::Alarm').map(({ name, properties }) => {
  const { Namespace, MetricName, Dimensions, AlarmActions } = Value.Parse(Alarm, properties)
  const dimensions = Dimensions.map(({ Name, Value }) => `${Name}=${substitute(Value)}`)
  const metric = [substitute(Namespace), MetricName, ...dimensions].join(' ')
  return { name, metric, AlarmActions }
})

t.test('each alarm is about a metric that exists, of this stack', async (t) => {
  for (const { name, metric } of alarms) t.ok(known.includes(metric), `${name}: ${metric}`)
})

t.test('there are alarms about the API, the function, the reasons and the table', async (t) => {
  const metrics = alarms.map(({ metric }) => metric.split(' ').slice(0, 2).join(' '))
  t.strictSame(
    new Set(metrics),
    new Set([
      'AWS/ApiGateway 5XXError',
      'AWS/ApiGateway Latency',
      'AWS/Lambda Errors',
      'AWS/Lambda Throttles',
      `${stack} Failures`,
      'AWS/DynamoDB ReadThrottleEvents',
      'AWS/DynamoDB WriteThrottleEvents',
      'AWS/DynamoDB SystemErrors',
    ])
  )
})

t.test('each alarm goes to the address of the operator', async (t) => {
  for (const { name, AlarmActions } of alarms)
    t.strictSame(AlarmActions, [{ Ref: 'AlarmTopic' }], name)
  const [topic] = resources('AWS::SNS::Topic')
  t.match(topic, {
    name: 'AlarmTopic',
    properties: { Subscription: [{ Protocol: 'email', Endpoint: { Ref: 'AlarmEmail' } }] },
  })
})

const Dashboard = Type.Object({ DashboardBody: Type.Object({ 'Fn::Sub': Type.String() }) })
const Widgets = Type.Object({
  widgets: Type.Array(
    Type.Object({
      properties: Type.Object({ metrics: Type.Array(Type.Array(Type.String())) }),
    })
  ),
})

t.test('each line of the dashboard is a metric that exists, of this stack', async (t) => {
  const [dashboard] = resources('AWS::CloudWatch::Dashboard')
  const { DashboardBody } = Value.Parse(Dashboard, dashboard?.properties)
  const { widgets } = Value.Parse(Widgets, JSON.parse(DashboardBody['Fn::Sub']))
  t.equal(widgets.length, 6)
  for (const { properties } of widgets) {
    let above: string[] = []
    for (const line of properties.metrics) {
      above = line.map((field, index) => (field === '.' ? (above[index] ?? '') : field))
      const [namespace, name, ...rest] = above
      const dimensions = rest.flatMap((key, index) =>
        index % 2 ? [] : `${key}=${rest[index + 1]}`
      )
      const metric = [namespace, name, ...dimensions].join(' ')
      t.ok(known.includes(metric), metric)
    }
  }
})

t.test('nothing costs by the month without an address for alarms', async (t) => {
  const types = ['Alarm', 'Dashboard'].map((type) => `AWS::CloudWatch::${type}`)
  for (const type of [...types, 'AWS::Logs::MetricFilter', 'AWS::SNS::Topic'])
    for (const { name, condition } of resources(type)) t.equal(condition, 'HasAlarms', name)
})
