import { readdir, readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { buildFunction } from '../../src/build/build-function.ts'
import { buildServer } from '../../src/build/bundle.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { startServerProcess } from '../support/server-process.ts'

const table = await startEmbeddedTable()
t.teardown(table.stop)

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
    const { greet, stop } = await startServerProcess(
      t,
      table,
      env,
      relative('src', `${folder}/dist/main.mjs`)
    )
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

  t.test('does not load OpenTelemetry without an endpoint', async (t) => {
    t.strictSame(await loadedBy(t, { OTEL_SERVICE_NAME: 'hello' }), [])
  })

  t.test('does not load OpenTelemetry if it is disabled', async (t) => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    t.strictSame(await loadedBy(t, { ...endpoint, OTEL_SDK_DISABLED: 'true' }), [])
  })
})

t.test('the built function does not contain OpenTelemetry', async (t) => {
  const folder = t.testdir()
  await buildFunction('src/lambda/handler.ts', folder)
  for (const file of await readdir(folder))
    t.notMatch(await readFile(`${folder}/${file}`, 'utf8'), /opentelemetry/i, file)
})
