import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { basePath } from '../support/greeting.ts'
import { functionUrl } from '../support/lambda-events.ts'
import { origin, startProcess } from '../support/start-process.ts'
import type { Request, StartedTarget } from '../support/target.ts'
import { lambdaEnvironment, lambdaTarget, startHandler } from '../targets/lambda.ts'
import { sendOnSocket } from '../targets/standalone.ts'

const page = '/docs'

/** Starts a program of the service; returns what sends requests to it. */
async function start(t: Test, env: NodeJS.ProcessEnv = {}, program?: string) {
  const { printed } = startProcess(t, t.testdir(), env, program)
  const pool = new Pool(await printed(origin))
  t.teardown(() => pool.close())
  return { printed, send: (request: Request) => sendOnSocket(pool, request) }
}

t.test('the embedded start', async (t) => {
  const { printed, send } = await start(t)

  t.test('prints the address of the page, and leads to it from its root', async (t) => {
    t.equal(await printed(/in a browser +(\S+)/), `${await printed(origin)}${page}`)
    const { status, headers } = await send({ path: '/' })
    t.match({ status, headers }, { status: 302, headers: { location: page } })
  })

  t.test('serves the page and its files', async (t) => {
    const { status, headers, body } = await send({ path: page })
    t.match({ status, headers }, { status: 200, headers: { 'content-type': /^text\/html/ } })

    const files = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path = '']) => path)

    t.ok(files.length > 5)
    for (const path of files) {
      // A path, so of this server.
      t.match(path, /^\/docs\//)
      const { status, headers } = await send({ path })
      const type = /css$/.test(path) ? /^text\/css/ : /js$/.test(path) ? /javascript/ : /^image/
      t.equal(status, 200, path)
      t.match(headers, { 'content-type': type, 'x-content-type-options': 'nosniff' }, path)
    }
  })

  t.test('serves the document of the resource, without a server or other routes', async (t) => {
    const { servers, paths } = JSON.parse((await send({ path: `${page}/json` })).body)
    // By default, the server is that of the document.
    t.equal(servers, undefined)
    t.strictSame(Object.keys(paths), [`${basePath}/{id}`])
  })

  t.test('responds to other files and methods with 404 and 405', async (t) => {
    const path = `${page}/static/swagger-ui.css`
    expectProblem(t, await send({ path: `${path}.x` }), 404, 'Route not found.')
    const post = await send({ method: 'POST', path })
    expectProblem(t, post, 405, 'Method not allowed. Use GET, HEAD.')
    const head = await send({ method: 'HEAD', path: '/' })
    t.match(head, { status: 405, headers: { allow: 'GET' } })
    t.equal((await send({ method: 'HEAD', path })).status, 200)
  })
})

t.test('the start with a table serves the page', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const { send } = await start(t, { ...lambdaEnvironment(table), LOG_LEVEL: 'info' })
  t.equal((await send({ path: page })).status, 200)
})

async function expectNoPage(t: Test, send: StartedTarget['send']): Promise<void> {
  for (const path of ['/', page, `${page}/json`])
    expectProblem(t, await send({ path }), 404, 'Route not found.')
}

t.test('the server of the image has no page', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1' }
  const { send } = await start(t, env, 'main.ts')
  await expectNoPage(t, send)
})

t.test('the Lambda handler has no page', async (t) => {
  const started = await startHandler()
  t.teardown(started.stop)
  const { send } = await lambdaTarget(started, functionUrl).start()
  await expectNoPage(t, send)
})
