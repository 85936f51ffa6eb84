import { readdir, readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { buildFunction } from '../../src/build/build-function.ts'
import { buildServer } from '../../src/build/bundle.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting, messageFor, seedPerson } from '../support/greeting.ts'
import { type Respond, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { origin, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

/** Milliseconds: half of what the shutdown of a server may take. */
const shutdownTime = 5000

const table = await startEmbeddedTable()
t.teardown(table.stop)
const data = new TestData(table.repository)

// They wait for processes most of the time.
t.jobs = 3
const concurrent = { buffered: true }

/** Starts the server as a process. */
async function start(t: Test, variables: NodeJS.ProcessEnv, program = 'main.ts') {
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1', ...variables }
  const { ended, kill, printed } = startProcess(t, t.testdir(), env, program)
  const url = await printed(origin)

  async function greet(t: Test): Promise<void> {
    const person = await seedPerson(t, data)
    const { body } = await request(`${url}${greeting(person.id).path}`)
    t.equal(await body.text(), messageFor(person))
  }

  async function stop() {
    kill('SIGTERM')
    return ended()
  }
  return { greet, stop }
}

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
      const { greet, stop } = await start(t, Object.fromEntries(entries))

      await greet(t)

      t.match(await stop(), { code: 0, stderr: '' })
      t.strictSame([...new Set(receiver.received.map(({ path }) => path))], [path])
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
      const { greet, stop } = await start(t, {
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
      const lines = stdout.split('\n').filter((line) => line.includes('telemetry'))
      t.ok(lines.length <= 1)
      t.notMatch(lines, /\\n|an internal text/)
      if (what === 'responds with 500')
        t.match(JSON.parse(String(lines[0])), {
          cause: 'Internal Server Error',
          msg: 'telemetry cannot be exported',
        })
    }
  )
}

t.test('the built server', async (t) => {
  const folder = t.testdir({
    'list-files.mjs': `
      import { registerHooks } from 'node:module'
      registerHooks({
        load(url, context, next) {
          console.log('loaded', url)
          return next(url, context)
        },
      })`,
  })
  await buildServer(`${folder}/dist`)
  const files = await readdir(`${folder}/dist`)
  const programs = files.filter((file) => file.endsWith('.mjs'))

  /** Starts the built server; returns which of its files with OpenTelemetry it loads. */
  async function loadedBy(t: Test, variables: NodeJS.ProcessEnv) {
    const list = `--import=${pathToFileURL(`${folder}/list-files.mjs`)}`
    const env = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${list}`, ...variables }
    const { greet, stop } = await start(t, env, relative('src', `${folder}/dist/main.mjs`))
    await greet(t)
    const { code, stdout } = await stop()
    t.equal(code, 0)
    const loaded = programs.filter((file) => stdout.includes(`dist/${file}\n`))
    t.ok(loaded.includes('main.mjs'))
    const texts = await Promise.all(
      loaded.map((file) => readFile(`${folder}/dist/${file}`, 'utf8'))
    )
    return loaded.filter((_, index) => /opentelemetry/i.test(String(texts[index])))
  }

  t.test('exports traces', async (t) => {
    const { endpoint, spans } = await startOtlpReceiver(t)
    const loaded = await loadedBy(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    t.ok(loaded.some((file) => file.startsWith('telemetry-')))
    t.ok(spans().some(({ kind }) => kind === 'SERVER'))
  })

  t.test('loads nothing of OpenTelemetry without an endpoint', async (t) => {
    t.strictSame(await loadedBy(t, { OTEL_SERVICE_NAME: 'hello' }), [])
  })

  t.test('loads nothing of OpenTelemetry if it is disabled', async (t) => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    t.strictSame(await loadedBy(t, { ...endpoint, OTEL_SDK_DISABLED: 'true' }), [])
  })
})

t.test('the built function contains nothing of OpenTelemetry', async (t) => {
  const folder = t.testdir()
  await buildFunction('src/lambda/handler.ts', folder)
  for (const file of await readdir(folder))
    t.notMatch(await readFile(`${folder}/${file}`, 'utf8'), /opentelemetry/i, file)
})
