import type { Test } from 'tap'
import type { Environment, Instance } from '../support/environment.ts'
import {
  type Fault,
  type FaultProxy,
  faults,
  internals,
  type Plan,
  startFaultProxy,
} from '../support/fault-proxy.ts'
import type { Response } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'

/** DynamoDB refuses the request, and would refuse a retry. */
const refusals: Fault[] = ['expired credentials', 'missing table']

/** These are not retried: a retry would not help, or there is no time for one. */
const fatal: Fault[] = ['drip', 'garbage', 'no HTTP', ...refusals]

/** Milliseconds: twice what is promised, since the machine may be busy with other tests. */
const patience = 6000

// Short, since V8 quotes only a few characters of what it cannot parse.
const name = 'Zoë'

/** What the service promises when DynamoDB, or the network to it, fails. */
export function specifyFaults(t: Test, place: Environment, kind: 'serve' | 'handle'): void {
  const slots = 10
  const plans = new Map<string, Plan>()
  const data = new TestData(place.repository)
  let proxy: FaultProxy
  let instances: Instance[]
  let free: Instance[]

  t.before(async () => {
    proxy = await startFaultProxy(place.dynamodb, place.host)
    t.teardown(() => proxy.stop())
    proxy.follow((request) => plans.get(request.partitionKey ?? '')?.(request))

    // An environment of a function handles one event at a time; Lambda starts more of them.
    const environments = kind === 'serve' ? 1 : slots / 2
    const starts = Array.from({ length: environments }, () =>
      place[kind]({ endpoint: proxy.endpoint })
    )
    instances = await Promise.all(starts)
    t.teardown(() => Promise.all(instances.map((instance) => instance.stop())))
    free = kind === 'serve' ? Array(slots).fill(instances[0]) : [...instances]
  })

  /** Sends a greeting to an idle instance, and measures its time. */
  async function greet(id: string) {
    const instance = free.shift()
    if (!instance) throw new Error('more tests than instances run concurrently')
    const start = performance.now()
    const response = await instance.send({ path: `/hello/${id}` })
    const time = performance.now() - start
    free.push(instance)
    // DynamoDB may still apply a request that the service has aborted.
    await proxy.settled()
    return { response, time }
  }

  function expectProblem(t: Test, { status, headers, body }: Response, fault?: Fault): void {
    const isRefused = fault && refusals.includes(fault)
    t.equal(status, isRefused ? 500 : 503)
    t.equal(headers['retry-after'], isRefused ? undefined : '1')
    t.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    t.match(JSON.parse(body), {
      detail: isRefused
        ? /^Internal error\./
        : /^(The database is unavailable|The request took too long)\. Retry later\.$/,
      instance: headers['x-request-id'],
    })
    t.notMatch(body, internals)
  }

  t.test('faults of requests', async (t) => {
    t.jobs = free.length
    function test(title: string, plan: Plan, check: (t: Test, id: string) => Promise<void>) {
      t.test(title, { buffered: true }, async (t) => {
        const id = await data.seed(t, name)
        plans.set(id, plan)

        await check(t, id)

        plans.delete(id)
        const before = await data.messages(id)
        const { response } = await greet(id)
        t.equal(response.body, `Hello ${name}!`, 'the next greeting succeeds')
        t.strictSame(await data.messages(id), [...before, `Hello ${name}!`])
      })
    }

    for (const fault of faults) {
      for (const operation of ['GetItem', 'PutItem']) {
        const outcome = fatal.includes(fault) ? 'fails' : 'succeeds'
        test(
          `a greeting ${outcome} after one ${operation} with "${fault}"`,
          (request) =>
            request.operation === operation && request.attempt === 1 ? fault : undefined,
          async (t, id) => {
            const { response, time } = await greet(id)

            t.ok(time < patience, `${time} ms`)
            if (fatal.includes(fault)) {
              expectProblem(t, response, fault)
              t.ok((await data.messages(id)).length <= 1)
            } else {
              t.equal(response.body, `Hello ${name}!`)
              t.strictSame(await data.messages(id), [`Hello ${name}!`])
            }
          }
        )

        test(
          `a greeting fails, and is recorded at most once, with "${fault}" of each ${operation}`,
          (request) => (request.operation === operation ? fault : undefined),
          async (t, id) => {
            const { response, time } = await greet(id)

            t.ok(time < patience, `${time} ms`)
            expectProblem(t, response, fault)
            t.ok((await data.messages(id)).length <= 1)
          }
        )
      }
    }
  })

  t.test('a greeting fails while connections are refused', async (t) => {
    const id = await data.seed(t, name)
    await proxy.refuse()
    t.teardown(() => proxy.accept())

    const { response, time } = await greet(id)

    t.ok(time < patience, `${time} ms`)
    expectProblem(t, response)
    t.strictSame(await data.messages(id), [])
  })

  t.test('the first greeting succeeds after connections are accepted again', async (t) => {
    const id = await data.seed(t, name)
    t.equal((await greet(id)).response.body, `Hello ${name}!`)
  })

  t.test(
    'a greeting succeeds after the process was frozen and its connections were closed',
    async (t) => {
      const id = await data.seed(t, name)
      for (const instance of instances) {
        await instance.send({ path: `/hello/${id}` })
        await instance.freeze()
        proxy.cut()
        const greeting = instance.send({ path: `/hello/${id}` })
        await instance.thaw()

        t.equal((await greeting).body, `Hello ${name}!`)
      }
    }
  )

  t.test('the log has the failures, but no names and credentials', async (t) => {
    for (const instance of instances) {
      const log = await instance.logs()
      t.match(log, /"level":50,[^\n]*src\/(hello\/repository|http\/deadline)\.ts:\d+/)
      t.notMatch(log, /Zoë|Credential=|X-Amz-Security-Token/i)
    }
  })

  t.test('the tests leave nothing behind', async (t) => {
    const items = data.ids.map(async (id) => [
      ...((await place.repository.getName(id)) ?? []),
      ...(await data.messages(id)),
    ])
    t.strictSame((await Promise.all(items)).flat(), [])
  })
}
