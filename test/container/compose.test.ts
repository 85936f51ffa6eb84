import t from 'tap'
import { Pool } from 'undici'
import { buildTimeout, newProject, remains, startCompose } from '../support/compose.ts'
import { docker, noEngine } from '../support/docker.ts'
import { startProcess } from '../support/start-process.ts'
import { requestsAtOnce } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { sendOnSocket } from '../targets/standalone.ts'

/** What only docker-compose.yml can show. */
t.setTimeout(buildTimeout)
t.test('docker compose', { skip: await noEngine(), timeout: buildTimeout }, async (t) => {
  const project = newProject()
  let compose = await startCompose(project)
  t.teardown(async () => compose.down())
  const pool = new Pool(compose.api, { connections: requestsAtOnce })
  t.teardown(() => pool.destroy())
  const get = (path: string) => sendOnSocket(pool, { path })

  t.test('greets the sample names', async (t) => {
    t.equal((await get('/hello/1')).body, 'Hello Ada!')
  })

  t.test('the tool for names finds its table', async (t) => {
    const env = { DYNAMODB_PORT: new URL(compose.dynamodb).port }
    const args = ['--compose', 'get', '1']
    const tool = startProcess(t, t.testdir(), env, 'cli/names.ts', ...args)
    t.match(await tool.ended(), { code: 0, stdout: 'Ada\n' })
  })

  t.test('the server is healthy', async (t) => {
    t.equal(await inspect('api', '{{.State.Health.Status}}'), 'healthy')
  })

  t.test('the server has no rights, and nowhere to write', async (t) => {
    const status = await docker('exec', compose.container('api'), 'cat', '/proc/1/status')
    t.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
    t.match(status, /^Gid:\t1000\t1000\t1000\t1000$/m)
    t.match(status, /^CapBnd:\t0000000000000000$/m)
    t.match(status, /^NoNewPrivs:\t1$/m)

    const root = await docker('exec', compose.container('api'), 'grep', ' / ', '/proc/1/mounts')
    t.match(root, /^overlay \/ overlay ro,/)
  })

  t.test('both homes are the same image', async (t) => {
    t.equal(await inspect('api', '{{.Image}}'), await inspect('lambda', '{{.Image}}'))
  })

  t.test('each log line of the server is a JSON object', async (t) => {
    await get('/hello/1')
    await get('/hello/%')
    await get('/hello/1%0A{}')

    const lines = (await docker('logs', compose.container('api'))).split('\n')
    for (const line of lines)
      t.match(JSON.parse(line), { level: Number, time: Number, msg: String })
    t.ok(lines.length > 3)
  })

  t.test('health checks are not logged', async (t) => {
    t.notMatch(await docker('logs', compose.container('api')), '/health')
  })

  t.test('a database that hangs is a 503, and an error in the log', async (t) => {
    const database = compose.container('dynamodb')
    await docker('pause', database)
    t.teardown(() => docker('unpause', database))

    const { headers, status } = await get('/hello/1')

    t.equal(status, 503)
    const lines = (await docker('logs', compose.container('api'))).split('\n')
    const line = lines.map((line) => JSON.parse(line)).find(({ level }) => level >= 50)
    t.equal(line.requestId, headers['x-request-id'])
    t.match(line.err.stack, /^FastifyError: /)
  })

  t.test('SIGTERM under load loses no message', async (t) => {
    const data = new TestData(compose.repository)
    const answered = new Set<string>()
    let stopped: Promise<string> | undefined
    async function greetUntilRefused(): Promise<void> {
      for (;;) {
        const id = data.newId(t)
        const response = await get(`/hello/${id}`).catch(() => undefined)
        if (!response) return
        // A busy machine may also answer that the database is late, which promises no message.
        if (response.status !== 503) answered.add(id)
        if (answered.size > 200) stopped ??= docker('stop', compose.container('api'))
      }
    }

    await Promise.all(Array.from({ length: requestsAtOnce }, greetUntilRefused))
    await stopped

    t.equal(await inspect('api', '{{.State.ExitCode}}'), '0')
    for (const id of data.ids) {
      const recorded = (await data.history(id)).length
      if (answered.has(id)) t.equal(recorded, 1)
      else t.ok(recorded <= 1)
    }
  })

  t.test('names and history outlive the containers', async (t) => {
    await compose.repository.putName('1', 'Dorothy')
    const history = await new TestData(compose.repository).messages('1')
    await compose.down({ removeVolumes: false })

    compose = await startCompose(project)

    t.equal(await compose.repository.getName('1'), 'Dorothy')
    t.ok(history.length > 0)
    t.strictSame(await new TestData(compose.repository).messages('1'), history)
  })

  t.test('down --volumes leaves nothing', async (t) => {
    await compose.down()
    t.equal(await remains(project), '')
  })

  function inspect(service: string, format: string): Promise<string> {
    return docker('inspect', '--format', format, compose.container(service))
  }
})
