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

/** After these a greeting is given up: they are for good, or it is too late to ask again. */
const fatal: Fault[] = ['drip', 'garbage', 'no HTTP', 'expired credentials', 'missing table']

/** Milliseconds: twice what is promised, as the machine may be busy with other tests. */
const patience = 6000

// Short, as V8 quotes just some letters of what it cannot parse.
const name = 'Zoë'
const detail = 'The database is unavailable. Retry later.'

/** What is promised of a home of the service when DynamoDB, or the way to it, is broken. */
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
    proxy.follow((asked) => plans.get(asked.id)?.(asked))

    // An environment of a function handles one event at a time; Lambda starts more of them.
    const environments = kind === 'serve' ? 1 : slots / 2
    const starts = Array.from({ length: environments }, () =>
      place[kind]({ endpoint: proxy.endpoint })
    )
    instances = await Promise.all(starts)
    t.teardown(() => Promise.all(instances.map((instance) => instance.stop())))
    free = kind === 'serve' ? Array(slots).fill(instances[0]) : [...instances]
  })

  /** Greets by an instance that has nothing else to do; also tells how long it took. */
  async function greet(id: string) {
    const instance = free.shift()
    if (!instance) throw new Error('more tests than instances run at once')
    const start = performance.now()
    const response = await instance.send({ path: `/hello/${id}` })
    const time = performance.now() - start
    free.push(instance)
    // What was given up may still be applied.
    await proxy.settled()
    return { response, time }
  }

  function expectUnavailable(t: Test, { status, headers, body }: Response): void {
    t.equal(status, 503)
    t.equal(headers['retry-after'], '1')
    t.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    t.match(JSON.parse(body), { detail, instance: headers['x-request-id'] })
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
        t.equal(response.body, `Hello ${name}!`, 'it greets as soon as all is well')
        t.strictSame(await data.messages(id), [...before, `Hello ${name}!`])
      })
    }

    for (const fault of faults) {
      for (const operation of ['GetItem', 'PutItem']) {
        const isOnce = fatal.includes(fault) ? 'fails' : 'succeeds'
        test(
          `a ${operation} with "${fault}" ${isOnce}, if it goes well the second time`,
          (asked) => (asked.operation === operation && asked.attempt === 1 ? fault : undefined),
          async (t, id) => {
            const { response, time } = await greet(id)

            t.ok(time < patience, `${time} ms`)
            if (fatal.includes(fault)) {
              expectUnavailable(t, response)
              t.ok((await data.messages(id)).length <= 1)
            } else {
              t.equal(response.body, `Hello ${name}!`)
              t.strictSame(await data.messages(id), [`Hello ${name}!`])
            }
          }
        )

        test(
          `a ${operation} with "${fault}" each time is told, and recorded at most once`,
          (asked) => (asked.operation === operation ? fault : undefined),
          async (t, id) => {
            const { response, time } = await greet(id)

            t.ok(time < patience, `${time} ms`)
            expectUnavailable(t, response)
            t.ok((await data.messages(id)).length <= 1)
          }
        )
      }
    }
  })

  t.test('while connections are refused, so are greetings', async (t) => {
    const id = await data.seed(t, name)
    await proxy.refuse()
    t.teardown(() => proxy.accept())

    const { response, time } = await greet(id)

    t.ok(time < patience, `${time} ms`)
    expectUnavailable(t, response)
    t.strictSame(await data.messages(id), [])
  })

  t.test('the first greeting succeeds after connections are accepted again', async (t) => {
    const id = await data.seed(t, name)
    t.equal((await greet(id)).response.body, `Hello ${name}!`)
  })

  t.test('a process that stood still while its connections were cut greets', async (t) => {
    const id = await data.seed(t, name)
    for (const instance of instances) {
      await instance.send({ path: `/hello/${id}` })
      await instance.freeze()
      proxy.cut()
      const greeting = instance.send({ path: `/hello/${id}` })
      await instance.thaw()

      t.equal((await greeting).body, `Hello ${name}!`)
    }
  })

  t.test('the log tells of failures, and no name or credential', async (t) => {
    for (const instance of instances) {
      const log = await instance.logs()
      t.match(log, /"level":50,[^\n]*DatabaseError[^\n]*src\/hello\/repository\.ts:\d+/)
      t.notMatch(log, /Zoë|Credential=|X-Amz-Security-Token/i)
    }
  })

  t.test('nothing of these tests is left behind', async (t) => {
    const items = data.ids.map(async (id) => [
      ...((await place.repository.getName(id)) ?? []),
      ...(await data.messages(id)),
    ])
    t.strictSame((await Promise.all(items)).flat(), [])
  })
}
