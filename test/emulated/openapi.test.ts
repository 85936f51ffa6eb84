import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { basePath } from '../support/greeting.ts'
import { startProcess } from '../support/start-process.ts'

const path = `${basePath}/{id}`
const { stdout, stderr, code } = await startProcess(t, t.testdir(), {}, 'cli/openapi.ts').ended()

t.test('the tool prints only the document', async (t) => {
  t.match({ code, stderr }, { code: 0, stderr: '' })
  t.type(JSON.parse(stdout), 'object')
})

t.test('the tool ends with 2 when the document cannot be written', async (t) => {
  const script = fileURLToPath(new URL('../../src/cli/openapi.ts', import.meta.url))
  const full = await open('/dev/full', 'w')
  t.teardown(() => full.close())
  const child = spawn(process.execPath, [script], { stdio: ['ignore', full.fd, 'ignore'] })
  const [code] = await once(child, 'close')
  t.equal(code, 2)
})

t.test('the document is valid OpenAPI', async (t) => {
  const { valid, errors } = await new Validator().validate(JSON.parse(stdout))
  t.ok(valid, JSON.stringify(errors))
})

t.test('the document has the version and the license of the service', async (t) => {
  t.match(JSON.parse(stdout), {
    openapi: '3.1.0',
    info: { version: manifest.version, license: { identifier: 'MIT-0' } },
  })
})

t.test('the document has the operation of the resource, and no other', async (t) => {
  const { paths } = JSON.parse(stdout)
  t.strictSame(Object.keys(paths), [path])
  t.strictSame(Object.keys(paths[path]), ['get'])
})

t.test('the document has all responses of the operation', async (t) => {
  const { get } = JSON.parse(stdout).paths[path]

  const types = ([status, { content }]: [string, { content: object }]) => [
    status,
    Object.keys(content),
  ]
  const messages = ['text/plain', 'application/json']
  const problems = ['application/problem+json']
  t.strictSame(Object.entries<{ content: object }>(get.responses).map(types), [
    ['200', messages],
    ['400', problems],
    ['404', messages],
    ['500', problems],
    ['503', problems],
  ])
  t.match(get.responses[503].headers, { 'Retry-After': {}, 'X-Request-Id': {} })
  t.match(get.parameters, [{ name: 'id', in: 'path', required: true, schema: { minLength: 1 } }])
})
