import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { buildTimeout, startCompose } from '../targets/compose.ts'
import { noEngine } from '../targets/docker.ts'
import { listen } from '../targets/listen.ts'
import { noMoto, startMoto } from '../targets/moto.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs `npm run test:cloud`, as a person does: with variables alone. */
function runSuite(t: Test, env: NodeJS.ProcessEnv) {
  // In a folder of its own, as two runs of tap in one write the same files.
  const links = ['node_modules', 'package.json', 'src', 'template.yaml', 'test']
  const folder = t.testdir(
    Object.fromEntries(links.map((name) => [name, t.fixture('symlink', root + name)]))
  )
  const own = { AWS_REGION: undefined, AWS_SAM_STACK_NAME: undefined }
  const child = spawn('npm', ['run', 'test:cloud', '--silent'], {
    cwd: folder,
    env: { ...process.env, ...own, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of processes of its own, as in a terminal.
    detached: true,
  })
  const output = text(child.stdout)
  const closed = once(child, 'close')
  async function ended() {
    const [code] = await closed
    return { code, output: await output }
  }
  const interrupt = () => process.kill(-(child.pid ?? 0), 'SIGINT')
  return { ended, interrupt }
}

const skip = (await noEngine()) || (await noMoto())

t.setTimeout(buildTimeout)
t.test('the cloud suite', { skip, timeout: buildTimeout }, async (t) => {
  const compose = await startCompose()
  t.teardown(compose.down)
  const moto = await startMoto()
  t.teardown(moto.stop)
  const outputs = { HelloPersonApi: `${compose.api}/hello/{id}`, DynamoDBTableName: 'hello' }
  await moto.createStack('hello', outputs)
  const env = { ...moto.env, AWS_ENDPOINT_URL_DYNAMODB: compose.dynamodb }

  t.test('passes on a stack, also if two people run it at once', { jobs: 2 }, async (t) => {
    const stack = { ...env, AWS_SAM_STACK_NAME: 'hello' }
    const people = ['one', 'another'].map((name) =>
      t.test(name, async (t) => {
        const { code, output } = await runSuite(t, stack).ended()
        t.equal(code, 0) || console.error(output)
        t.match(output, /^ *ok \d+ - nothing of these tests is left behind/m)
      })
    )
    await Promise.all(people)
    t.strictSame(await compose.testItems(), [])
  })

  t.test('fails on an API that is broken', async (t) => {
    const broken = createServer(async ({ url }, response) => {
      const answer = await request(`${compose.api}${url}`)
      const body = await answer.body.text()
      response
        .writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type']) })
        .end(body.replace('Hello', 'Hallo'))
    })
    const HelloPersonApi = `http://127.0.0.1:${await listen(t, broken)}/hello/{id}`
    await moto.createStack('broken', { ...outputs, HelloPersonApi })

    const { code, output } = await runSuite(t, { ...env, AWS_SAM_STACK_NAME: 'broken' }).ended()

    t.equal(code, 1)
    t.match(output, /not ok \d+ - a known person is greeted by name/)
    t.strictSame(await compose.testItems(), [])
  })

  t.test('removes what it made when it is interrupted', async (t) => {
    const { ended, interrupt } = runSuite(t, { ...env, AWS_SAM_STACK_NAME: 'hello' })
    while ((await compose.testItems()).length === 0);

    interrupt()

    t.not((await ended()).code, 0)
    t.strictSame(await compose.testItems(), [])
  })

  await moto.createStack('other', { DynamoDBTableName: 'hello' })
  const refusals: [what: string, env: NodeJS.ProcessEnv, message: RegExp][] = [
    ['no name', {}, /^Bail out! AWS_SAM_STACK_NAME must be .*; it is not set\.$/m],
    [
      'a name that no stack has',
      { AWS_SAM_STACK_NAME: 'missing' },
      /^Bail out! The stack must be .*; there is no "missing" in this account and eu-central-1\.$/m,
    ],
    [
      'a stack without an output',
      { AWS_SAM_STACK_NAME: 'other' },
      /^Bail out! The stack other has no output HelloPersonApi: .*\.$/m,
    ],
    [
      'no region',
      {
        AWS_SAM_STACK_NAME: 'hello',
        AWS_DEFAULT_REGION: undefined,
        AWS_PROFILE: undefined,
        AWS_CONFIG_FILE: '/dev/null',
      },
      /^Bail out! AWS_DEFAULT_REGION must be .*; it is not set\.$/m,
    ],
    [
      'no credentials',
      {
        AWS_SAM_STACK_NAME: 'hello',
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        AWS_PROFILE: undefined,
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      /^Bail out! AWS credentials must be .*; there are none\.$/m,
    ],
  ]
  for (const [what, variables, message] of refusals) {
    t.test(`with ${what} says what is needed`, async (t) => {
      const { code, output } = await runSuite(t, { ...env, ...variables }).ended()
      t.not(code, 0)
      t.match(output, message)
    })
  }
})
