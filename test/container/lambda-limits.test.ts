import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { createServer } from 'node:tls'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { buildTimeout } from '../support/compose.ts'
import { hostAddress, noEngine } from '../support/docker.ts'
import type { Plan } from '../support/fault-proxy.ts'
import { basePath, greeting, messageFor, seedPerson } from '../support/greeting.ts'
import { restApi } from '../support/lambda-events.ts'
import { listenOnFreePort } from '../support/listen.ts'
import { TestData } from '../support/test-data.ts'
import {
  buildImage,
  type EnvironmentOptions,
  hostName,
  httpResponse,
  startEnvironment,
  startReachableTable,
} from '../targets/execution-environment.ts'

/**
 * Returns the milliseconds of processor time that a function with 128 MB has in this time: with 1,769 MB,
 * it has one processor. (AWS Lambda Developer Guide, "Configure Lambda function memory")
 */
const processorTimeIn = (milliseconds: number) => milliseconds * (128 / 1769)

/** The bytes of the largest event. (AWS Lambda Developer Guide, "Lambda quotas") */
const largestEvent = 6 * 1024 * 1024

/** Milliseconds for an invocation on a busy machine. */
const timeout = 60_000

t.setTimeout(buildTimeout)
t.test("within Lambda's limits, the image", { skip: await noEngine() }, async (t) => {
  t.setTimeout(buildTimeout)
  await buildImage()
  const { table, proxy, variables, stop } = await startReachableTable()
  t.teardown(stop)
  const data = new TestData(table.repository)

  async function start(t: Test, options: Partial<EnvironmentOptions> = {}) {
    const all = { ...options, variables: { ...variables, ...options.variables } }
    const environment = await startEnvironment(all)
    t.teardown(environment.stop)
    return environment
  }
  const event = (id: string) => restApi.createEvent(greeting(id))

  // Not with that share of a processor itself: on a machine with other work, it is less than it says.
  t.test('with the processor time of 128 MB', async (t) => {
    t.test('is ready within the 10 seconds of the init phase', async (t) => {
      const environment = await start(t)
      await environment.ready()
      const time = await environment.processorTime()
      t.ok(time < processorTimeIn(10_000), `${time} ms`)
    })

    for (const protocol of ['HTTP', 'TLS']) {
      t.test(`responds to the first event before its deadline, with ${protocol}`, async (t) => {
        const environment = await start(t, protocol === 'TLS' ? await startTLS(t, variables) : {})
        const person = await seedPerson(t, data)
        await environment.ready()
        const before = await environment.processorTime()

        const { body } = httpResponse(await environment.invoke(event(person.id), timeout))
        await environment.ready()
        const time = (await environment.processorTime()) - before

        t.equal(body, messageFor(person))
        t.ok(time < processorTimeIn(2500), `${time} ms`)
      })
    }
  })

  t.test('a first failure takes about as much processor time as a success', async (t) => {
    async function firstEvent(plan: Plan): Promise<number> {
      const environment = await start(t)
      await environment.ready()
      const before = await environment.processorTime()
      proxy.follow(plan)
      await environment.invoke(event(data.newId(t)))
      proxy.follow(() => undefined)
      await environment.ready()
      return (await environment.processorTime()) - before
    }

    const successes: number[] = []
    const failures: number[] = []
    // The least of several: other work on the machine only adds to a processor time.
    for (let count = 0; count < 3; count++) {
      successes.push(await firstEvent(() => undefined))
      failures.push(await firstEvent(() => 'missing table'))
    }

    // With 128 MB, each 10 ms take 140 ms.
    const difference = Math.min(...failures) - Math.min(...successes)
    t.ok(difference < 50, `${failures} ms, and ${successes} ms for a success`)
  })

  const long = 'x'.repeat(largestEvent - 10_000)
  const half = long.slice(0, largestEvent / 2 - 10_000)
  const large: [what: string, event: object, statuses: number[]][] = [
    ['a body', { httpMethod: 'POST', body: long }, [405]],
    ['an encoded body', { httpMethod: 'PUT', body: long, isBase64Encoded: true }, [405]],
    ['a header', { headers: { accept: half }, multiValueHeaders: { accept: [half] } }, [200, 431]],
    [
      'a query',
      { queryStringParameters: { a: half }, multiValueQueryStringParameters: { a: [half] } },
      [200, 414],
    ],
    ['a path', { path: `${basePath}/${long}` }, [400, 414]],
  ]
  for (const [what, difference, statuses] of large) {
    // Of a body of 6 MB, there are up to four copies: several such events can exceed 128 MB.
    const memory = 'body' in difference ? 256 : 128
    t.test(`with ${memory} MB, responds to events of 6 MB with ${what}`, async (t) => {
      const environment = await start(t, { memory })
      const person = await seedPerson(t, data)
      const largest = { ...event(person.id), ...difference }

      for (let count = 0; count < 3; count++) {
        const { status } = httpResponse(await environment.invoke(largest, timeout))
        t.ok(statuses.includes(status), `${status}`)
      }
      t.equal(httpResponse(await environment.invoke(event(person.id))).body, messageFor(person))
      await environment.signal('SIGKILL')
      await environment.ended()

      // CloudWatch Logs splits longer lines, so that they are not JSON.
      const length = Math.max(...(await environment.logs()).map(({ text }) => text.length))
      t.ok(length < 256 * 1024, `a line of ${length} characters`)
    })
  }

  t.test('logs only whole lines when Lambda kills it during an invocation', async (t) => {
    const environment = await start(t)
    await environment.ready()
    proxy.follow(() => 'hang before it is applied')
    t.teardown(() => proxy.follow(() => undefined))

    const { error } = await environment.invoke(event(data.newId(t)), 1000)
    await environment.ended()

    t.equal(error?.errorType, 'Sandbox.Timedout')
    for (const { text, fields } of await environment.logs())
      t.not(Object.keys(fields).length, 0, text)
  })

  t.test('ends on SIGTERM, and logs nothing', async (t) => {
    const environment = await start(t, { freezes: false })
    await environment.ready()

    await environment.signal('SIGTERM')

    t.equal(await environment.ended(), 0)
    t.strictSame(await environment.logs(), [])
  })

  t.test('reports a wrong configuration in the init phase, in one line of JSON', async (t) => {
    const environment = await start(t, { variables: { DYNAMODB_TABLE_NAME: undefined } })

    const { errorType, errorMessage } = await environment.initError

    t.equal(errorType, 'ConfigError')
    t.match(errorMessage, /^DYNAMODB_TABLE_NAME must be .*; it is not set\.$/)
    t.not(await environment.ended(), 0)
    const logs = await environment.logs()
    t.equal(logs.length, 1)
    t.match(logs[0]?.fields, { level: /error|fatal/i })
    t.match(logs[0]?.text, 'DYNAMODB_TABLE_NAME must be')
  })

  const uncaught = {
    'an exception': "throw new Error('injected')",
    'a rejection': "Promise.reject(new Error('injected'))",
  }
  for (const [what, statement] of Object.entries(uncaught)) {
    t.test(`ends with one line of JSON after ${what} without a handler`, async (t) => {
      const script = `data:text/javascript,process.once('SIGUSR2',()=>{${encodeURIComponent(statement)}})`
      const environment = await start(t, { variables: { NODE_OPTIONS: `--import=${script}` } })
      await environment.ready()
      const request = Promise.withResolvers<void>()
      proxy.follow(() => {
        request.resolve()
        return 'hang before it is applied'
      })
      t.teardown(() => proxy.follow(() => undefined))

      const outcome = environment.invoke(event(data.newId(t)), timeout)
      await request.promise
      await environment.signal('SIGUSR2')

      const { error } = await outcome
      t.equal(error?.errorType, 'Runtime.ExitError')
      t.not(await environment.ended(), 0)
      const failures = (await environment.logs()).filter(({ text }) => text.includes('injected'))
      t.equal(failures.length, 1)
      t.match(failures[0]?.fields, { level: /error|fatal/i })
    })
  }

  t.test('the tests leave no items behind', async (t) => {
    t.strictSame(await table.leftovers(), [])
  })
})

/** Starts a TLS proxy of a DynamoDB; returns the options of an environment that trusts it. */
async function startTLS(
  t: Test,
  { AWS_ENDPOINT_URL_DYNAMODB, ...variables }: Record<string, string>
): Promise<EnvironmentOptions> {
  const { cert, private: key } = await generate([], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: hostName }] }],
  })
  const certificate = `${t.testdir()}/certificate.pem`
  await writeFile(certificate, cert)
  // The user of the function reads it.
  await chmod(certificate, 0o644)

  const host = await hostAddress()
  const dynamodb = Number(new URL(AWS_ENDPOINT_URL_DYNAMODB ?? '').port)
  const server = createServer({ cert, key }, (socket) => {
    pipeline(socket, connect(dynamodb, host), socket).catch(() => socket.destroy())
  })
  const port = await listenOnFreePort(server, host)
  t.teardown(async () => {
    server.close()
    await once(server, 'close')
  })
  return {
    variables: {
      ...variables,
      AWS_ENDPOINT_URL_DYNAMODB: `https://${hostName}:${port}`,
      NODE_EXTRA_CA_CERTS: '/certificate.pem',
    },
    options: [`--volume=${certificate}:/certificate.pem:ro`],
  }
}
