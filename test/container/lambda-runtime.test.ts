import pLimit from 'p-limit'
import t, { type Test } from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { buildTimeout } from '../support/compose.ts'
import { noEngine } from '../support/docker.ts'
import { functionUrl, httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import { TestData } from '../support/test-data.ts'
import {
  buildImage,
  type EnvironmentOptions,
  environmentTarget,
  httpResponse,
  type LogLine,
  startEnvironment,
  startReachableTable,
} from '../targets/execution-environment.ts'

/** What Lambda's runtime client makes of the image: it runs it, freezes it, and may share it. */
t.setTimeout(buildTimeout)
t.test("the image, run by Lambda's runtime client", { skip: await noEngine() }, async (t) => {
  t.setTimeout(buildTimeout)
  await buildImage()
  const { table, proxy, variables, stop } = await startReachableTable()
  t.teardown(stop)
  const data = new TestData(table.repository)

  async function start(t: Test, options: Partial<EnvironmentOptions> = {}) {
    const all = { ...options, variables: { ...variables, ...options.variables } }
    const environment = await startEnvironment(all)
    t.teardown(environment.stop)
    await environment.ready()
    return environment
  }
  const greeting = (id: string) => restApi.createEvent({ path: `/hello/${id}` })

  for (const source of [restApi, httpApi, functionUrl, loadBalancer])
    t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, environmentTarget(source)))

  t.test('greets after a freeze in which its connections were closed', async (t) => {
    const environment = await start(t)
    const id = await data.seed(t, 'Ada')
    await environment.invoke(greeting(id))
    await environment.ready()

    proxy.cut()

    t.equal(httpResponse(await environment.invoke(greeting(id))).body, 'Hello Ada!')
    t.strictSame(await data.messages(id), ['Hello Ada!', 'Hello Ada!'])
  })

  t.test('logs all of an invocation before it is frozen or killed', async (t) => {
    const environment = await start(t)
    proxy.follow(() => 'missing table')
    t.teardown(() => proxy.follow(() => undefined))
    const id = data.newId(t)
    const requestIds: string[] = []
    for (let count = 0; count < 100; count++)
      requestIds.push((await environment.invoke(greeting(id))).requestId)
    await environment.ready()
    await environment.signal('SIGKILL')
    await environment.ended()

    const logs = await environment.logs()

    const invocations = requestIds.map((requestId) => {
      const frozenAt = logs.findIndex(({ fields }) => fields.frozenAfter === requestId)
      const isOwn = ({ fields }: LogLine) => fields.requestId === requestId
      return { before: logs.slice(0, frozenAt).filter(isOwn), all: logs.filter(isOwn) }
    })
    const most = Math.max(...invocations.map(({ all }) => all.length))
    t.equal(invocations.filter(({ before }) => !before.some(isError)).length, 0, 'without an error')
    t.equal(invocations.filter(({ before }) => before.length < most).length, 0, 'incomplete')
  })

  t.test('handles several events at once, as Lambda Managed Instances send them', async (t) => {
    // The default of Lambda for Node.js, for each processor.
    const AWS_LAMBDA_MAX_CONCURRENCY = '64'
    // Managed Instances have 2 GB at least.
    const shared = { variables: { AWS_LAMBDA_MAX_CONCURRENCY }, memory: 2048, freezes: false }

    t.test('greets when a single event comes', async (t) => {
      const environment = await start(t, shared)
      const id = await data.seed(t, 'Ada')

      t.equal(httpResponse(await environment.invoke(greeting(id))).body, 'Hello Ada!')
    })

    t.test('gives each of 1,000 events its own response and log lines', async (t) => {
      const environment = await start(t, shared)
      const limit = pLimit(50)
      const ids = Array.from({ length: 1000 }, () => data.newId(t))

      const wrong: unknown[] = []
      const owners = new Map<string, string>()
      async function greet(id: string): Promise<void> {
        const outcome = await environment.invoke(greeting(id), 60_000)
        const { status, headers, body } = httpResponse(outcome)
        const isRight =
          status === 404 &&
          body === `NOTFOUND: Name Not Found for ID ${id}` &&
          headers['x-request-id'] === outcome.requestId
        if (!isRight) wrong.push({ id, status, body })
        owners.set(outcome.requestId, id)
      }
      await limit.map(ids, greet)
      await environment.signal('SIGKILL')
      await environment.ended()

      t.strictSame(wrong, [])
      t.equal((await table.leftovers()).length, ids.length)
      const logged = new Set<unknown>()
      for (const { text, fields } of await environment.logs()) {
        const [, id] = /\/hello\/(TEST[^"?/]*)/.exec(text) ?? []
        if (id !== undefined && owners.get(String(fields.requestId)) === id) logged.add(id)
      }
      t.equal(logged.size, ids.length)
    })

    t.test('ends on SIGTERM', async (t) => {
      const environment = await start(t, shared)
      await environment.signal('SIGTERM')
      t.equal(await environment.ended(), 0)
    })
  })

  t.test('nothing of these tests is left behind', async (t) => {
    t.strictSame(await table.leftovers(), [])
  })
})

function isError({ fields }: LogLine): boolean {
  // A word where Lambda reads it, a number of pino's else.
  return /^(error|50)$/i.test(String(fields.level))
}
