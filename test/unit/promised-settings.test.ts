import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { ConfigError, readConfig } from '../../src/config.ts'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const { Parameters, Resources } = parseTemplate(read('template.yaml'))
const compose = parse(read('docker-compose.yml'))
const dockerfile = read('Dockerfile').replaceAll('\\\n', '')

// A request takes up to 3 seconds, and API Gateway waits 29 seconds for the function.
t.test('the function has 10 seconds by default, and 4 to 29', async (t) => {
  t.match(Parameters.FunctionTimeout, { Default: 10, MinValue: 4, MaxValue: 29 })
  t.strictSame(Resources.Function.Properties.Timeout, { Ref: 'FunctionTimeout' })
})

t.test('the function has 512 MB by default, and what Lambda allows', async (t) => {
  t.match(Parameters.FunctionMemory, { Default: 512, MinValue: 128, MaxValue: 10_240 })
  t.strictSame(Resources.Function.Properties.MemorySize, { Ref: 'FunctionMemory' })
})

t.test('the API lets 100 requests per second through by default, and 200 at once', async (t) => {
  t.equal(Parameters.ThrottlingRate.Default, 100)
  t.equal(Parameters.ThrottlingBurst.Default, 200)
  const [settings] = Resources.Api.Properties.MethodSettings
  t.strictSame(settings.ThrottlingRateLimit, { Ref: 'ThrottlingRate' })
  t.strictSame(settings.ThrottlingBurstLimit, { Ref: 'ThrottlingBurst' })
})

t.test('logs are kept for 30 days by default', async (t) => {
  t.equal(Parameters.LogDays.Default, 30)
  for (const logGroup of ['ApiLogs', 'FunctionLogs'])
    t.strictSame(Resources[logGroup].Properties.RetentionInDays, { Ref: 'LogDays' })
})

t.test(
  'messages are never deleted by default, or as many days as the service accepts',
  async (t) => {
    const { Default, MinValue, MaxValue } = Parameters.MessageDays
    t.equal(Default, 0)
    t.equal(MinValue, 0)
    const configure = (days: number) =>
      readConfig({ DYNAMODB_TABLE_NAME: 'hello', MESSAGE_DAYS: `${days}` })
    t.equal(configure(MaxValue).MESSAGE_DAYS, MaxValue)
    t.throws(() => configure(MaxValue + 1), ConfigError)
    const { MESSAGE_DAYS } = Resources.Function.Properties.Environment.Variables
    t.strictSame(MESSAGE_DAYS, { Ref: 'MessageDays' })
  }
)

// With 16 MB, a server of 128 MB ran out of memory under load.
t.test('V8 has 12 MB for young objects, in each container', async (t) => {
  const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? []
  const command = [
    'node',
    '--min-semi-space-size=12',
    '--max-semi-space-size=12',
    '/var/task/main.mjs',
  ]
  t.strictSame(JSON.parse(`${entrypoint}`), command)
  t.strictSame(compose.services.lambda.entrypoint.slice(1), command)
})

t.test('the image checks its health every 5 seconds, for up to 3 seconds', async (t) => {
  t.match(dockerfile, /^HEALTHCHECK --interval=5s --timeout=10s --start-period=60s /m)
})

t.test('docker compose publishes ports to this machine only', async (t) => {
  const ports = Object.values<{ ports?: string[] }>(compose.services).flatMap(
    ({ ports = [] }) => ports
  )
  t.not(ports.length, 0)
  for (const port of ports) t.match(port, /^127\.0\.0\.1:/)
})
