import t from 'tap'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { type Respond, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { startServerProcess } from '../support/server-process.ts'

/** Milliseconds: half of what the shutdown of a server may take. */
const shutdownTime = 5000

const table = await startEmbeddedTable()
t.teardown(table.stop)

// They wait for processes most of the time.
t.jobs = 3
const concurrent = { buffered: true }

const signals: [variables: NodeJS.ProcessEnv, path: string][] = [
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '/v1/traces' }, '/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: '/v1/metrics' }, '/v1/metrics'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_SAMPLER: 'always_off' }, '/v1/metrics'],
]
for (const [variables, path] of signals) {
  t.test(
    `with ${Object.keys(variables).join(' and ')}, only ${path} is exported`,
    concurrent,
    async (t) => {
      const receiver = await startOtlpReceiver(t)
      const entries = Object.entries(variables).map(([name, value]) => [
        name,
        name.endsWith('ENDPOINT') ? `${receiver.endpoint}${value}` : value,
      ])
      const { greet, stop } = await startServerProcess(t, table, Object.fromEntries(entries))

      await greet(t)

      const { code, stderr, stdout } = await stop()

      t.strictSame({ code, stderr }, { code: 0, stderr: '' })
      t.strictSame([...new Set(receiver.received.map(({ path }) => path))], [path])
      for (const { kind, traceId } of receiver.spans())
        if (kind === 'SERVER') t.match(stdout, `"traceId":"${traceId}"`, 'the log has the trace')
      const names = path === '/v1/traces' ? receiver.spans() : receiver.metrics()
      t.ok(names.length > 1, 'the shutdown exports what is left')
      for (const { attributes, kind } of receiver.spans())
        if (kind === 'CLIENT') t.match(attributes, { 'aws.request_id': /./ })
    }
  )
}

const collectors: [what: string, respond?: Respond][] = [
  ['responds with 500', (_request, response) => response.writeHead(500).end('an internal text')],
  ['responds with 503', (_request, response) => response.writeHead(503).end()],
  ['hangs', () => {}],
  ['resets connections', (request) => request.socket.resetAndDestroy()],
  ['refuses connections'],
]
for (const [what, respond] of collectors) {
  t.test(
    `a collector that ${what} stops neither greetings nor the shutdown`,
    concurrent,
    async (t) => {
      const receiver = await startOtlpReceiver(t, respond)
      const { greet, stop } = await startServerProcess(t, table, {
        OTEL_EXPORTER_OTLP_ENDPOINT: respond ? receiver.endpoint : 'http://127.0.0.1:1',
        // Milliseconds.
        OTEL_BSP_SCHEDULE_DELAY: '10',
      })
      await greet(t)
      if (respond) await receiver.until(() => receiver.received.length > 0 || undefined)

      await greet(t)
      const before = performance.now()
      const { code, stdout, stderr } = await stop()

      t.equal(code, 0)
      t.ok(performance.now() - before < shutdownTime)
      t.equal(stderr, '')
      const problems = problemsIn(stdout)
      t.ok(problems.length <= 1)
      t.notMatch(stdout, /\\n|an internal text/)
      if (what === 'responds with 500')
        t.strictSame(problems, ['OpenTelemetry: Internal Server Error'])
    }
  )
}

t.test('an unknown value of a variable is logged', concurrent, async (t) => {
  const { endpoint } = await startOtlpReceiver(t)
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'sometimes' }
  const { stop } = await startServerProcess(t, table, variables)

  const { stdout } = await stop()

  t.match(problemsIn(stdout), [/^OpenTelemetry: .*OTEL_TRACES_SAMPLER value "sometimes"/])
})

/** Returns the messages of the log that come from OpenTelemetry. */
function problemsIn(stdout: string): string[] {
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg)
  return messages.filter((message) => message.includes('OpenTelemetry'))
}
