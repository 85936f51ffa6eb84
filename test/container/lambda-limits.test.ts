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

/** A function with 128 MB has this share of a processor: one with 1,769 MB has a whole one. */
const cpus = '0.07'

/** Bytes of the largest event. (AWS Lambda Developer Guide, "Lambda quotas") */
const largestEvent = 6 * 1024 * 1024

/** Milliseconds for an invocation that has too little of a processor. */
const patience = 60_000

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
  const greeting = (id: string) => restApi.createEvent({ path: `/hello/${id}` })

  t.test('with the processor of 128 MB', async (t) => {
    t.test('is ready before the 10 seconds of the init phase are over', async (t) => {
      const environment = await start(t, { cpus })
      const time = await environment.ready()
      t.ok(time < 10_000, `${time} ms`)
    })

    t.test('greets from the first event on', async (t) => {
      const environment = await start(t, { cpus })
      const id = await data.seed(t, 'Ada')

      const { body } = httpResponse(await environment.invoke(greeting(id), patience))

      t.equal(body, 'Hello Ada!')
    })

    t.test('greets from the first event on, with TLS to DynamoDB', async (t) => {
      const environment = await start(t, { cpus, ...(await startTLS(t, variables)) })
      const id = await data.seed(t, 'Ada')

      const { body } = httpResponse(await environment.invoke(greeting(id), patience))

      t.equal(body, 'Hello Ada!')
    })
  })

  t.test('a first failure costs about as much processor time as a greeting', async (t) => {
    async function firstEvent(plan: Plan): Promise<number> {
      const environment = await start(t)
      await environment.ready()
      const before = await environment.processorTime()
      proxy.follow(plan)
      await environment.invoke(greeting(data.newId(t)))
      proxy.follow(() => undefined)
      await environment.ready()
      return (await environment.processorTime()) - before
    }

    const ofGreeting = await firstEvent(() => undefined)
    const ofFailure = await firstEvent(() => 'missing table')

    // With 128 MB, each 10 ms are 140 for the caller.
    t.ok(ofFailure - ofGreeting < 50, `${ofFailure} ms, and ${ofGreeting} ms for a greeting`)
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
    ['a path', { path: `/hello/${long}` }, [400, 414]],
  ]
  for (const [what, difference, statuses] of large) {
    t.test(`with 128 MB, responds to an event whose 6 MB are ${what}`, async (t) => {
      const environment = await start(t)
      const id = await data.seed(t, 'Ada')
      const event = { ...greeting(id), ...difference }

      for (let count = 0; count < 3; count++) {
        const { status } = httpResponse(await environment.invoke(event, patience))
        t.ok(statuses.includes(status), `${status}`)
      }
      t.equal(httpResponse(await environment.invoke(greeting(id))).body, 'Hello Ada!')
      await environment.signal('SIGKILL')
      await environment.ended()

      // CloudWatch Logs splits longer lines, so that they are not JSON.
      const length = Math.max(...(await environment.logs()).map(({ text }) => text.length))
      t.ok(length < 256 * 1024, `a line of ${length} characters`)
    })
  }

  t.test('logs whole lines, if Lambda kills it before it has responded', async (t) => {
    const environment = await start(t)
    await environment.ready()
    proxy.follow(() => 'hang before it is applied')
    t.teardown(() => proxy.follow(() => undefined))

    const { error } = await environment.invoke(greeting(data.newId(t)), 1000)
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
    t.test(`ends with one line of JSON after ${what} that nothing handles`, async (t) => {
      const script = `data:text/javascript,process.once('SIGUSR2',()=>{${encodeURIComponent(statement)}})`
      const environment = await start(t, { variables: { NODE_OPTIONS: `--import=${script}` } })
      await environment.ready()
      const asked = Promise.withResolvers<void>()
      proxy.follow(() => {
        asked.resolve()
        return 'hang before it is applied'
      })
      t.teardown(() => proxy.follow(() => undefined))

      const outcome = environment.invoke(greeting(data.newId(t)), patience)
      await asked.promise
      await environment.signal('SIGUSR2')

      const { error } = await outcome
      t.equal(error?.errorType, 'Runtime.ExitError')
      t.not(await environment.ended(), 0)
      const failures = (await environment.logs()).filter(({ text }) => text.includes('injected'))
      t.equal(failures.length, 1)
      t.match(failures[0]?.fields, { level: /error|fatal/i })
    })
  }

  t.test('nothing of these tests is left behind', async (t) => {
    t.strictSame(await table.leftovers(), [])
  })
})

/** Puts TLS in front of a DynamoDB; returns what an environment needs to trust it. */
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
