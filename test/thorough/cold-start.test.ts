import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import t, { type Test } from 'tap'
import { buildFunction } from '../../src/build/build-function.ts'
import { listen } from '../support/listen.ts'

/** What the build leaves out for the cold start is missing nowhere else. */
const require = createRequire(import.meta.url)

/** Builds a function from source text; returns its handler. */
async function buildHandler(t: Test, source: string): Promise<() => Promise<unknown>> {
  // Within the project, so that the packages are found.
  const folder = t.testdir({ 'function.ts': source })
  await buildFunction(`${folder}/function.ts`, `${folder}/dist`)
  return require(`${folder}/dist/lambda.cjs`).handler
}

t.test('a built function reads its source text as UTF-8', async (t) => {
  const handler = await buildHandler(t, `export const handler = () => /^[ü👋]$/u.test('👋')`)
  t.equal(await handler(), true)
})

t.test('a built function has the modules of Node.js that the service does not use', async (t) => {
  const handler = await buildHandler(
    t,
    `import dns from 'node:dns/promises'
    import http2 from 'node:http2'
    import { Worker } from 'node:worker_threads'
    import { gunzipSync, gzipSync } from 'node:zlib'
    export const handler = async () => [
      String(gunzipSync(gzipSync('hello'))),
      http2.constants.HTTP2_HEADER_PATH,
      (await dns.lookup('localhost')).family > 0,
      typeof Worker,
    ]`
  )
  t.strictSame(await handler(), ['hello', ':path', true, 'function'])
})

t.test('assertions of packages fail in a built function, too', async (t) => {
  const handler = await buildHandler(
    t,
    `import findMyWay from 'find-my-way'
    export const handler = async () => findMyWay().on('GET', 1, () => {})`
  )
  await t.rejects(handler(), { code: 'ERR_ASSERTION', message: 'Path should be a string' })
})

t.test('a built function refuses a route that the build did not know', async (t) => {
  const handler = await buildHandler(
    t,
    `import { fastify } from 'fastify'
    export const handler = async () => {
      const app = fastify()
      app.get('/:id', { schema: { params: { type: 'object' } } }, () => {})
      await app.ready()
    }`
  )
  await t.rejects(handler(), {
    message: 'GET /:id was not there when the function was built: src/build/schema-compilers.ts',
  })
})

t.test('another client of AWS finds its credentials wherever the SDK looks for them', async (t) => {
  const credentials = createServer((_request, response) => {
    const Expiration = new Date(Date.now() + 3_600_000)
    const keys = { AccessKeyId: 'GIVEN', SecretAccessKey: 'secret', Token: 'token', Expiration }
    response.end(JSON.stringify(keys))
  })
  const aws = createServer((_request, response) => void response.writeHead(200).end('{}'))
  const [credentialsPort, port] = [await listen(t, credentials), await listen(t, aws)]
  const handler = await buildHandler(
    t,
    `import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
    export const handler = () => new DynamoDBClient({
      endpoint: 'http://127.0.0.1:${port}', region: 'eu-central-1', maxAttempts: 1
    }).send(new ListTablesCommand())`
  )
  setVariables(t, {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_PROFILE: undefined,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${credentialsPort}`,
  })

  const [[request]] = await Promise.all([once(aws, 'request'), handler()])

  t.match(request.headers.authorization, /Credential=GIVEN\//)
})

t.test('a built function reads the AWS configuration files', async (t) => {
  const handler = await buildHandler(
    t,
    `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
    export const handler = () => new DynamoDBClient().config.region()`
  )
  await writeFile(`${t.testdirName}/config`, '[default]\nregion = eu-west-3')
  setVariables(t, {
    AWS_REGION: undefined,
    AWS_PROFILE: undefined,
    AWS_CONFIG_FILE: `${t.testdirName}/config`,
    AWS_SHARED_CREDENTIALS_FILE: `${t.testdirName}/none`,
  })
  t.equal(await handler(), 'eu-west-3')
})

/** Sets variables of this process until the test ends. */
function setVariables(t: Test, variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    set(name, value)
    t.teardown(() => set(name, before))
  }
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
