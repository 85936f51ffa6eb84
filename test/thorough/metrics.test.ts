import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { type Plan, startFaultProxy } from '../support/fault-proxy.ts'
import { commands, greeting } from '../support/greeting.ts'
import { applyFilter, metricFilters } from '../support/metric-filters.ts'
import { mockTable } from '../support/mocked-table.ts'
import { TestData } from '../support/test-data.ts'
import { inject } from '../targets/inject.ts'
import { startProcesses } from '../targets/processes.ts'

const environment = await startProcesses()
t.teardown(environment.stop)
const proxy = await startFaultProxy(environment.dynamodb, environment.host)
t.teardown(() => proxy.stop())
const data = new TestData(environment.repository)

/** Returns the log lines of a function that has had some greetings of an id, over a faulty DynamoDB. */
async function linesOfFunction(t: Test, count: number, plan: Plan): Promise<string[]> {
  proxy.follow(plan)
  const instance = await environment.handle({ endpoint: proxy.endpoint })
  t.teardown(instance.stop)
  const id = data.newId(t)
  for (let sent = 0; sent < count; sent++) await instance.send(greeting(id))
  return (await instance.logs()).trim().split('\n')
}

/** Returns the metrics that CloudWatch Logs would make of log lines with the filters of the template. */
function metricsOf(lines: string[]) {
  return lines.flatMap((line) =>
    metricFilters.flatMap((filter) => {
      const metric = applyFilter(filter, line)
      return metric ? { name: filter.name, ...metric } : []
    })
  )
}

const milliseconds = (operation: string) => ({ name: `${operation}Milliseconds`, value: Number })
const failure = (reason: string) => ({ name: 'Failures', value: 1, dimensions: { reason } })

t.test('the first greeting of a function is a cold start', async (t) => {
  const metrics = metricsOf(await linesOfFunction(t, 3, () => undefined))
  t.match(
    metrics.filter(({ name }) => name === 'ColdStarts'),
    [{ value: 1 }]
  )
})

t.test('a greeting has the milliseconds of its requests to DynamoDB', async (t) => {
  const metrics = metricsOf(await linesOfFunction(t, 1, () => undefined))
  const expected = ['GetItem', 'PutItem'].map(milliseconds)
  t.match(
    metrics.filter(({ name }) => name.endsWith('Milliseconds')),
    expected
  )
  t.notMatch(metrics, [{ name: 'Failures' }])
})

const failures = [
  ['database', 'error 500'],
  ['database', 'missing table'],
  ['database', 'hang before it is applied'],
] as const
for (const [reason, fault] of failures) {
  t.test(`a DynamoDB with the fault "${fault}" is a failure: ${reason}`, async (t) => {
    const metrics = metricsOf(await linesOfFunction(t, 1, () => fault))
    t.match(
      metrics.filter(({ name }) => name === 'Failures'),
      [failure(reason)]
    )
    t.match(
      metrics.filter(({ name }) => name.endsWith('Milliseconds')),
      [milliseconds('GetItem')]
    )
  })
}

t.test('an error of the service is a failure: internal', async (t) => {
  const { client, fail } = mockTable()
  fail(commands.read, new TypeError('a bug'))
  const lines: string[] = []
  const app = buildApp({
    client,
    config: readConfig({ DYNAMODB_TABLE_NAME: 'mocked' }),
    logDestination: { write: (line) => void lines.push(line) },
  })
  t.teardown(() => app.close())

  await inject(app, greeting('1'))

  t.match(metricsOf(lines), [failure('internal')])
})
