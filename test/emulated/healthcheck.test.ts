import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { listen } from '../support/listen.ts'
import { startProcess } from '../support/start-process.ts'

/** The exit code of a health check of what listens at a port. */
async function check(t: Test, port: number): Promise<number> {
  const env = { HOST: '127.0.0.1', PORT: String(port) }
  const { code } = await startProcess(t, t.testdir(), env, 'server/healthcheck.ts').ended()
  return code
}

/** A server whose health is a status, and which has nothing else. */
function serve(t: Test, status: number): Promise<number> {
  const server = createServer(({ url }, response) =>
    response.writeHead(url === '/health' ? status : 404).end()
  )
  return listen(t, server)
}

t.test('a server that is well is healthy', async (t) => {
  t.equal(await check(t, await serve(t, 200)), 0)
})

t.test('a server that is not well is unhealthy', async (t) => {
  t.equal(await check(t, await serve(t, 503)), 1)
})

t.test('a server that does not listen is unhealthy', async (t) => {
  t.equal(await check(t, 1), 1)
})
