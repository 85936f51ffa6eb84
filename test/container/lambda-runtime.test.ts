import pLimit from 'p-limit'
import t, { type Test } from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { buildTimeout } from '../support/compose.ts'
import { noEngine } from '../support/docker.ts'
import { basePath, greeting, messageFor, seedPerson, statusFor } from '../support/greeting.ts'
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

/** The image under Lambda's runtime client, which freezes it, and may send it concurrent events. */
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
  const event = (id: string) => restApi.createEvent(greeting(id))

  for (const source of [restApi, httpApi, functionUrl, loadBalancer])
    t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, environmentTarget(source)))

  t.test('responds after a freeze in which its connections were closed', async (t) => {
    const environment = await start(t)
    const person = await seedPerson(t, data)
    const message = messageFor(person)
    await environment.invoke(event(person.id))
    await environment.ready()

    proxy.cut()

    t.equal(httpResponse(await environment.invoke(event(person.id))).body, message)
    t.strictSame(await data.messages(person.id), [message, message])
  })

  t.test('writes all log lines of an invocation before it is frozen or killed', async (t) => {
    const environment = await start(t)
    proxy.follow(() => 'missing table')
    t.teardown(() => proxy.follow(() => undefined))
    const id = data.newId(t)
    const requestIds: string[] = []
    for (let count = 0; count < 100; count++)
      requestIds.push((await environment.invoke(event(id))).requestId)
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

  t.test('handles concurrent events, as Lambda Managed Instances send them', async (t) => {
    // The default of Lambda for Node.js, for each processor.
    const AWS_LAMBDA_MAX_CONCURRENCY = '64'
    // Managed Instances have 2 GB at least.
    const shared = { variables: { AWS_LAMBDA_MAX_CONCURRENCY }, memory: 2048, freezes: false }

    t.test('responds to a single event', async (t) => {
      const environment = await start(t, shared)
      const person = await seedPerson(t, data)

      const { body } = httpResponse(await environment.invoke(event(person.id)))

      t.equal(body, messageFor(person))
    })

    t.test('gives each of 1,000 events its own response and log lines', async (t) => {
      const environment = await start(t, shared)
      // More than the workers. With many more, a request waits until its deadline on a busy machine.
      const limit = pLimit(24)
      const ids = Array.from({ length: 1000 }, () => data.newId(t))

      // Each worker is cold, and a busy machine takes longer than a request may.
      const warmUp = Array.from({ length: 48 }, () => event(data.newId(t)))
      async function isWarm(): Promise<boolean> {
        const outcomes = warmUp.map((event) => environment.invoke(event, 60_000))
        return (await Promise.all(outcomes)).every((outcome) => httpResponse(outcome).status < 500)
      }
      while (!(await isWarm()));
      const before = (await table.leftovers()).length

      const wrong: unknown[] = []
      const owners = new Map<string, string>()
      async function greet(id: string): Promise<void> {
        const outcome = await environment.invoke(event(id), 60_000)
        const { status, headers, body } = httpResponse(outcome)
        const isRight =
          status === statusFor({ id }) &&
          body === messageFor({ id }) &&
          headers['x-request-id'] === outcome.requestId
        if (!isRight) wrong.push({ id, status, body })
        owners.set(outcome.requestId, id)
      }
      await limit.map(ids, greet)
      await environment.signal('SIGKILL')
      await environment.ended()

      t.strictSame(wrong, [])
      t.equal((await table.leftovers()).length - before, ids.length)
      const logged = new Set<unknown>()
      const idInPath = new RegExp(`${basePath}/(TEST[^"?/]*)`)
      for (const { text, fields } of await environment.logs()) {
        const [, id] = idInPath.exec(text) ?? []
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

  t.test('the tests leave no items behind', async (t) => {
    t.strictSame(await table.leftovers(), [])
  })
})

function isError({ fields }: LogLine): boolean {
  return fields.level === 'ERROR'
}
