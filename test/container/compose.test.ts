import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { Pool } from 'undici'
import { buildTimeout, newProject, remains, startCompose } from '../support/compose.ts'
import { docker, noEngine } from '../support/docker.ts'
import { basePath, greeting, messageFor } from '../support/greeting.ts'
import { startProcess } from '../support/start-process.ts'
import { requestsAtOnce } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import { sendOnSocket } from '../targets/standalone.ts'

/** The behavior that only docker-compose.yml has. */
t.setTimeout(buildTimeout)
t.test('docker compose', { skip: await noEngine(), timeout: buildTimeout }, async (t) => {
  const project = newProject()
  let compose = await startCompose(project)
  t.teardown(async () => compose.down())
  const pool = new Pool(compose.api, { connections: requestsAtOnce })
  t.teardown(() => pool.destroy())
  const get = (path: string) => sendOnSocket(pool, { path })

  const ada = { id: '1', name: 'Ada' }
  const { path } = greeting(ada.id)

  t.test('has the sample names in its table', async (t) => {
    t.equal((await get(path)).body, messageFor(ada))
  })

  t.test('the tool for names finds its table', async (t) => {
    const env = { DYNAMODB_PORT: new URL(compose.dynamodb).port }
    const args = ['--compose', 'get', '1']
    const tool = startProcess(t, t.testdir(), env, 'cli/names.ts', ...args)
    t.match(await tool.ended(), { code: 0, stdout: `${ada.name}\n` })
  })

  t.test('the command of src/build/README.md invokes the function', async (t) => {
    const readme = await readFile('src/build/README.md', 'utf8')
    const [, command = ''] = /^\$ (curl [^']*'[^']*')/m.exec(readme) ?? []
    const line = command.replace('http://localhost:9000', compose.lambda)
    const { stdout } = await promisify(execFile)('sh', ['-c', line])
    t.match(JSON.parse(stdout), { statusCode: 200, body: messageFor(ada) })
  })

  t.test('the server is healthy', async (t) => {
    t.equal(await inspect('api', '{{.State.Health.Status}}'), 'healthy')
  })

  t.test('the server has no capabilities and a read-only file system', async (t) => {
    const status = await docker('exec', compose.container('api'), 'cat', '/proc/1/status')
    t.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
    t.match(status, /^Gid:\t1000\t1000\t1000\t1000$/m)
    t.match(status, /^CapBnd:\t0000000000000000$/m)
    t.match(status, /^NoNewPrivs:\t1$/m)

    const root = await docker('exec', compose.container('api'), 'grep', ' / ', '/proc/1/mounts')
    t.match(root, /^overlay \/ overlay ro,/)
  })

  t.test('the server and the function are the same image', async (t) => {
    t.equal(await inspect('api', '{{.Image}}'), await inspect('lambda', '{{.Image}}'))
  })

  t.test('each log line of the server is a JSON object', async (t) => {
    await get(path)
    await get(`${basePath}/%`)
    await get(`${path}%0A{}`)

    const lines = (await docker('logs', compose.container('api'))).split('\n')
    for (const line of lines)
      t.match(JSON.parse(line), { level: String, timestamp: String, msg: String })
    t.ok(lines.length > 3)
  })

  t.test('health checks are not logged', async (t) => {
    t.notMatch(await docker('logs', compose.container('api')), '/health')
  })

  t.test('a database that hangs causes a 503 and an error in the log', async (t) => {
    const database = compose.container('dynamodb')
    await docker('pause', database)
    t.teardown(() => docker('unpause', database))

    const { headers, status } = await get(path)

    t.equal(status, 503)
    const lines = (await docker('logs', compose.container('api'))).split('\n')
    const line = lines.map((line) => JSON.parse(line)).find(({ level }) => level === 'ERROR')
    t.equal(line.requestId, headers['x-request-id'])
    t.match(line.err.stack, /^HttpProblem: /)
  })

  t.test('SIGTERM under load loses no message', async (t) => {
    const data = new TestData(compose.repository)
    const greeted = new Set<string>()
    let stopped: Promise<string> | undefined
    async function sendUntilRefused(): Promise<void> {
      for (;;) {
        const id = data.newId(t)
        const response = await get(greeting(id).path).catch(() => undefined)
        if (!response) return
        // On a busy machine, the database may be late: a 503 promises no message.
        if (response.status !== 503) greeted.add(id)
        if (greeted.size > 200) stopped ??= docker('stop', compose.container('api'))
      }
    }

    await Promise.all(Array.from({ length: requestsAtOnce }, sendUntilRefused))
    await stopped

    t.equal(await inspect('api', '{{.State.ExitCode}}'), '0')
    for (const id of data.ids) {
      const recorded = (await data.history(id)).length
      if (greeted.has(id)) t.equal(recorded, 1)
      else t.ok(recorded <= 1)
    }
  })

  t.test('names and messages are kept without the containers', async (t) => {
    await compose.repository.putName('1', 'Dorothy')
    const history = await new TestData(compose.repository).messages('1')
    await compose.down({ removeVolumes: false })

    compose = await startCompose(project)

    t.equal(await compose.repository.getName('1'), 'Dorothy')
    t.ok(history.length > 0)
    t.strictSame(await new TestData(compose.repository).messages('1'), history)
  })

  t.test('down --volumes removes all containers, networks and volumes', async (t) => {
    await compose.down()
    t.equal(await remains(project), '')
  })

  function inspect(service: string, format: string): Promise<string> {
    return docker('inspect', '--format', format, compose.container(service))
  }
})
