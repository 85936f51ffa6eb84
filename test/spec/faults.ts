import { setTimeout as delay } from 'node:timers/promises'
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
import {
  findItems,
  folder,
  greeting,
  messageFor,
  operations,
  type Person,
  seedPerson,
} from '../support/greeting.ts'
import { startStopwatch } from '../support/stopwatch.ts'
import type { Response } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'

/** With these, DynamoDB refuses the request, and would refuse a retry. */
const refusals: Fault[] = ['expired credentials', 'missing table']

/** Faults after which the request is not retried: a retry would fail too, or come too late. */
const fatal: Fault[] = ['drip', 'garbage', 'no HTTP', ...refusals]

/** Milliseconds: twice the promised 3 seconds, since other tests may load the machine. */
const maxTime = 6000

// Short, since V8's errors quote only a few characters around what is not JSON.
const name = 'Zoë'

/** The errors in the log, where the fault has one of DynamoDB. */
const errors: { [fault in Fault]?: string } = {
  throttle: 'ProvisionedThroughputExceededException',
  'error 500': 'InternalServerError',
  'error 503': 'ServiceUnavailable',
  'expired credentials': 'ExpiredTokenException',
  'missing table': 'ResourceNotFoundException',
}

interface Failed {
  fault: Fault
  operation: string
  isFatal: boolean
}

interface Greeted {
  response: Response
  instance: Instance
}

/** The promises of the service for when DynamoDB, or the network to it, fails. */
export function specifyFaults(t: Test, environment: Environment, kind: 'serve' | 'handle'): void {
  // Few, and warm: the promises have a time, and other work may load the machine.
  const slots = 3
  const plans = new Map<string, Plan>()
  const data = new TestData(environment.repository)
  let proxy: FaultProxy
  let instances: Instance[]
  let free: Instance[]

  t.before(async () => {
    proxy = await startFaultProxy(environment.dynamodb, environment.host)
    t.teardown(() => proxy.stop())
    proxy.follow((request) => plans.get(request.partitionKey ?? '')?.(request))

    // An instance of a function handles one event at a time, so there are several.
    const count = kind === 'serve' ? 1 : slots
    const starts = Array.from({ length: count }, () =>
      environment[kind]({ endpoint: proxy.endpoint })
    )
    instances = await Promise.all(starts)
    t.teardown(() => Promise.all(instances.map((instance) => instance.stop())))
    free = kind === 'serve' ? Array(slots).fill(instances[0]) : [...instances]
  })

  /** Sends a greeting to an idle instance, and measures its time. */
  async function greet(id: string) {
    const instance = free.shift()
    if (!instance) throw new Error('more tests than instances run concurrently')
    const stop = startStopwatch()
    const response = await instance.send(greeting(id))
    const time = stop()
    free.push(instance)
    // DynamoDB may still apply a request that the service has aborted.
    await proxy.settled()
    return { response, time, instance }
  }

  /**
   * Waits for the line of a request, and expects it to answer what an operator asks: which request to
   * DynamoDB failed, why, where, how long it took, and how often it was tried.
   */
  async function expectLine(t: Test, { response, instance }: Greeted, failed?: Failed) {
    const { status, headers } = response
    const ownLines = async () =>
      (await instance.logs())
        .split('\n')
        .filter((line) => line.includes(`"requestId":"${headers['x-request-id']}"`))
    while ((await ownLines()).length === 0) await delay(10)
    const lines = await ownLines()
    t.equal(lines.length, 1)
    const line = JSON.parse(lines[0] ?? '')
    t.match(line, { level: failed ? 'ERROR' : 'INFO', status, method: 'GET' })
    t.ok(Number.isInteger(line.ms) && line.ms < maxTime, `${line.ms} ms`)
    if (!failed) return
    t.match(line, { reason: 'database', err: { stack: /\n {4}at / } })
    const { operation, ms, attempts, error, pending } = line.dynamodb.at(-1)
    t.equal(operation, failed.operation)
    t.ok(ms <= line.ms, `${ms} of ${line.ms} ms`)
    t.ok(failed.isFatal ? attempts === 1 : attempts >= 1, `${attempts} attempts`)
    // A request that hangs reaches the deadline of the greeting or its own timeout, whichever is first.
    if (!pending) t.match(error, errors[failed.fault] ?? String)
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

  t.test('instances are warm, with and without a retry, before they are timed', async (t) => {
    const person = await seedPerson(t, data, { name })
    for (const fault of [undefined, 'throttle', 'reset before it is applied'] as const) {
      plans.set(person.id, ({ attempt }) => (attempt === 1 ? fault : undefined))
      for (const instance of instances) {
        let inTime = 0
        while (inTime < 10) {
          const { body } = await instance.send(greeting(person.id))
          inTime = body === messageFor(person) ? inTime + 1 : 0
        }
      }
    }
    plans.delete(person.id)
    await proxy.settled()
  })

  t.test('faults of requests to DynamoDB', async (t) => {
    t.jobs = free.length
    function test(title: string, plan: Plan, check: (t: Test, person: Person) => Promise<void>) {
      t.test(title, { buffered: true }, async (t) => {
        const person = await seedPerson(t, data, { name })
        plans.set(person.id, plan)

        await check(t, person)

        plans.delete(person.id)
        const before = await data.messages(person.id)
        const { response } = await greet(person.id)
        t.equal(response.body, messageFor(person), 'the next greeting succeeds')
        t.strictSame(await data.messages(person.id), [...before, messageFor(person)])
      })
    }

    for (const fault of faults) {
      for (const operation of operations) {
        const outcome = fatal.includes(fault) ? 'fails' : 'succeeds'
        test(
          `a greeting ${outcome} when the first ${operation} has "${fault}"`,
          (request) =>
            request.operation === operation && request.attempt === 1 ? fault : undefined,
          async (t, person) => {
            const isFatal = fatal.includes(fault)
            const greeted = await greet(person.id)

            const { response, time } = greeted
            t.ok(time < maxTime, `${time} ms`)
            await expectLine(t, greeted, isFatal ? { fault, operation, isFatal } : undefined)
            if (isFatal) {
              expectProblem(t, response, fault)
              t.ok((await data.messages(person.id)).length <= 1)
            } else {
              t.equal(response.body, messageFor(person))
              t.strictSame(await data.messages(person.id), [messageFor(person)])
            }
          }
        )

        test(
          `a greeting fails, and is recorded at most once, when each ${operation} has "${fault}"`,
          (request) => (request.operation === operation ? fault : undefined),
          async (t, { id }) => {
            const greeted = await greet(id)

            const { response, time } = greeted
            t.ok(time < maxTime, `${time} ms`)
            const isFatal = fatal.includes(fault)
            await expectLine(t, greeted, { fault, operation, isFatal })
            expectProblem(t, response, fault)
            t.ok((await data.messages(id)).length <= 1)
          }
        )
      }
    }
  })

  t.test('a greeting fails while connections are refused', async (t) => {
    const { id } = await seedPerson(t, data, { name })
    await proxy.refuse()
    t.teardown(() => proxy.accept())

    const { response, time } = await greet(id)

    t.ok(time < maxTime, `${time} ms`)
    expectProblem(t, response)
    t.strictSame(await data.messages(id), [])
  })

  t.test('the first greeting succeeds after connections are accepted again', async (t) => {
    const person = await seedPerson(t, data, { name })
    t.equal((await greet(person.id)).response.body, messageFor(person))
  })

  t.test('a greeting succeeds after a freeze in which the connections were closed', async (t) => {
    const person = await seedPerson(t, data, { name })
    const request = greeting(person.id)
    for (const instance of instances) {
      await instance.send(request)
      await instance.freeze()
      proxy.cut()
      const response = instance.send(request)
      await instance.thaw()

      t.equal((await response).body, messageFor(person))
    }
  })

  t.test('the log has the failures, but no names and credentials', async (t) => {
    const origin = new RegExp(`"level":"ERROR",[^\\n]*(${folder}/\\w+|src/http/deadline)\\.ts:\\d+`)
    for (const instance of instances) {
      const log = await instance.logs()
      t.match(log, origin)
      t.notMatch(log, /Zoë|Credential=|X-Amz-Security-Token/i)
    }
  })

  t.test('the tests leave nothing behind', async (t) => {
    t.strictSame(await findItems(environment.repository, data.ids), [])
  })
}
