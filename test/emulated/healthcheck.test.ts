import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { listen } from '../support/listen.ts'
import { startProcess } from '../support/start-process.ts'

/** Returns the exit code of a health check of the server at a port. */
async function check(t: Test, port: number, variables = {}): Promise<number> {
  const env = { HOST: '127.0.0.1', PORT: String(port), ...variables }
  const { code } = await startProcess(t, t.testdir(), env, 'server/healthcheck.ts').ended()
  return code
}

/** Starts a server that responds to /health with a status, and to other paths with 404. */
function serve(t: Test, status: number): Promise<number> {
  const server = createServer(({ url }, response) =>
    response.writeHead(url === '/health' ? status : 404).end()
  )
  return listen(t, server)
}

t.test('a server that responds with 200 is healthy', async (t) => {
  t.equal(await check(t, await serve(t, 200)), 0)
})

t.test('a server that responds with 503 is unhealthy', async (t) => {
  t.equal(await check(t, await serve(t, 503)), 1)
})

t.test('a server that does not listen is unhealthy', async (t) => {
  t.equal(await check(t, 1), 1)
})

t.test('the health check uses no proxy', async (t) => {
  const proxy = createServer((_request, response) => response.writeHead(502).end())
  const url = `http://127.0.0.1:${await listen(t, proxy)}`
  const variables = { HTTP_PROXY: url, http_proxy: url, NO_PROXY: '', no_proxy: '' }

  const code = await check(t, await serve(t, 200), { ...variables, NODE_USE_ENV_PROXY: '1' })

  t.equal(code, 0)
})
