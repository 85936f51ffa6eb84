import { createServer } from 'node:http'
import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { createServer as createTlsServer } from 'node:tls'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import type { Instance } from '../support/environment.ts'
import { greeting, messageFor, seedPerson } from '../support/greeting.ts'
import { listen } from '../support/listen.ts'
import { setVariables } from '../support/set-variables.ts'
import { TestData } from '../support/test-data.ts'
import { startProcesses } from '../targets/processes.ts'

/** The server and the function behind a proxy. */
const environment = await startProcesses()
t.teardown(environment.stop)
// It does not resolve: only the proxy reaches it.
const hostName = 'dynamodb.test'

/** Starts a proxy to a DynamoDB with TLS; returns its URL, and the hosts that it was asked for. */
async function startProxy(t: Test, { cert, key }: { cert: string; key: string }) {
  const join = (one: NodeJS.ReadWriteStream, port: number) => {
    const other = connect(port, '127.0.0.1')
    pipeline(one, other, one).catch(() => other.destroy())
  }
  const tls = await listen(
    t,
    createTlsServer({ cert, key }, (socket) =>
      join(socket, Number(new URL(environment.dynamodb).port))
    )
  )
  const hosts: (string | undefined)[] = []
  const proxy = createServer().on('connect', ({ url }, socket) => {
    hosts.push(url)
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    join(socket, tls)
  })
  return { hosts, url: `http://127.0.0.1:${await listen(t, proxy)}` }
}

async function expectGreeting(t: Test, instance: Instance): Promise<void> {
  t.teardown(instance.stop)
  const person = await seedPerson(t, new TestData(environment.repository))
  const { body, status } = await instance.send(greeting(person.id))
  t.strictSame({ body, status }, { body: messageFor(person), status: 200 })
}

for (const [name, start] of [
  ['server', environment.serve],
  ['function', environment.handle],
] as const) {
  t.test(`the ${name} uses the proxy of the environment, and its certificates`, async (t) => {
    const { cert, private: key } = await generate([], {
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: hostName }] }],
    })
    const { hosts, url } = await startProxy(t, { cert, key })
    setVariables(t, {
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: url,
      https_proxy: undefined,
      NO_PROXY: undefined,
      no_proxy: undefined,
      NODE_EXTRA_CA_CERTS: `${t.testdir({ 'certificate.pem': cert })}/certificate.pem`,
    })

    await expectGreeting(t, await start({ endpoint: `https://${hostName}` }))

    t.strictSame([...new Set(hosts)], [`${hostName}:443`])
  })

  t.test(`the ${name} does not use it for hosts of NO_PROXY`, async (t) => {
    const none = 'http://127.0.0.1:1'
    setVariables(t, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: none, NO_PROXY: '127.0.0.1' })

    await expectGreeting(t, await start({}))
  })
}
