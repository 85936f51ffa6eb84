import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { buildTimeout } from '../support/compose.ts'
import { docker, noEngine, runContainer, untilLogged } from '../support/docker.ts'

const image = manifest.name
const base = 'node:24-bookworm-slim'

/** Runs a program of an image in a container that is removed with it. */
function runIn(image: string, program: string, ...args: string[]): Promise<string> {
  const isolated = ['--rm', '--network', 'none', '--user', 'root']
  return runContainer(...isolated, '--entrypoint', program, image, ...args)
}

/** Starts a container that is removed after the test; returns its id. */
async function start(t: Test, ...args: string[]): Promise<string> {
  const container = await runContainer('--detach', ...args)
  t.teardown(async () => docker('rm', '--force', container))
  return container
}

interface File {
  path: string
  mode: string
  owner: string
  bytes: number
}

/** Every file of an image. */
async function listFiles(image: string): Promise<File[]> {
  const args = ['/', '-xdev', '-not', '-type', 'd', '-printf', '%p %m %U:%G %s\\n']
  const lines = (await runIn(image, 'find', ...args)).split('\n')
  return lines.map((line) => {
    const [path = '', mode = '', owner = '', bytes] = line.split(' ')
    return { path, mode, owner, bytes: Number(bytes) }
  })
}

t.setTimeout(buildTimeout)
t.test('the image', { skip: await noEngine(), timeout: buildTimeout }, async (t) => {
  await docker('compose', 'build', '--quiet', 'api')

  t.test('adds only the bundle and the runtime client to its base image', async (t) => {
    const known = new Set((await listFiles(base)).map(({ path }) => path))
    const added = (await listFiles(image)).filter(({ path }) => !known.has(path))

    const bundle = added.filter(({ path }) =>
      /^\/var\/task\/([\w-]+\.[cm]js(\.map|\.LEGAL\.txt)?|function-\w+\.cjs\.cache|sbom\.cdx\.json)$/.test(
        path
      )
    )
    const runtimeClient = added.filter(({ path }) => path.startsWith('/var/task/aws-lambda-ric/'))
    t.same(runtimeClient.map(({ path }) => path.split('/').at(-1)).sort(), [
      'LICENSE',
      'NOTICE',
      'THIRD-PARTY-LICENSES',
      'index.mjs',
      'rapid-client.node',
      'sbom.cdx.json',
    ])
    for (const program of ['main.mjs', 'lambda.cjs', 'healthcheck.mjs'])
      t.ok(bundle.some(({ path }) => path === `/var/task/${program}`))
    t.equal(bundle.length + runtimeClient.length, added.length)

    for (const { path, mode, owner } of added) {
      t.match(mode, /^[67][45][45]$/, `everyone may read ${path}, and only its owner may write it`)
      t.equal(owner, '0:0')
    }
    t.ok(added.reduce((sum, { bytes }) => sum + bytes, 0) < 10_000_000)
  })

  t.test('has the version of its build argument, for its log', async (t) => {
    const tag = `${image}-version`
    await docker('build', '--quiet', '--tag', tag, '--build-arg', 'VERSION=1.2.3', '.')
    t.teardown(() => docker('rmi', tag))

    const format = '{{index .Config.Labels "org.opencontainers.image.version"}}'
    t.equal(await docker('inspect', '--format', format, tag), '1.2.3')
    t.match(await docker('inspect', '--format', '{{.Config.Env}}', tag), 'SERVICE_VERSION=1.2.3')
    t.match(await docker('inspect', '--format', '{{.Config.Env}}', image), 'SERVICE_VERSION=dev')
  })

  t.test('has a code cache that its Node.js accepts', async (t) => {
    const script = `
      const [file] = fs.readdirSync('/var/task').filter((name) => /^function-.*cjs$/.test(name))
      const cachedData = fs.readFileSync(\`/var/task/\${file}.cache\`)
      const source = fs.readFileSync(\`/var/task/\${file}\`, 'utf8')
      console.log(new vm.Script(source, { cachedData }).cachedDataRejected)`
    const { Entrypoint } = JSON.parse(
      await docker('inspect', '--format', '{{json .Config}}', image)
    )
    const options = Entrypoint.filter((word: string) => word.startsWith('--'))
    t.equal(await runIn(image, 'node', ...options, '--eval', script), 'false')
  })

  t.test('has a bill of materials that lists every package of its bundle', async (t) => {
    const bill = JSON.parse(await runIn(image, 'cat', '/var/task/sbom.cdx.json'))
    const listed: string[] = bill.components.map(({ name }: { name: string }) => name)

    const options = ['--only-matching', '--no-filename', '--recursive', '--include=*.map']
    const output = await runIn(image, 'grep', ...options, 'node_modules/[^"]*', '/var/task')
    const sources = output.split('\n')
    const bundled = sources.map(
      (path) => /.*node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? ''
    )
    t.ok(bundled.length > 100)
    t.strictSame(
      [...new Set(bundled)].filter((name) => !listed.includes(name)),
      []
    )
    t.notOk(listed.includes('tap'))
  })

  t.test('has a bill of materials of its runtime client', async (t) => {
    const bill = JSON.parse(await runIn(image, 'cat', '/var/task/aws-lambda-ric/sbom.cdx.json'))
    t.ok(bill.components.some(({ name }: { name: string }) => name === 'aws-lambda-ric'))
  })

  t.test('has labels, a user and an entry point', async (t) => {
    const { Config } = JSON.parse(await docker('inspect', '--format', '{{json .}}', image))
    t.equal(Config.Labels['org.opencontainers.image.title'], manifest.name)
    t.equal(Config.Labels['org.opencontainers.image.licenses'], 'MIT-0')
    t.match(Config.User, /^[1-9]\d*:[1-9]\d*$/)
    t.equal(Config.Entrypoint[0], 'node')
  })

  t.test('a malformed variable stops the start with one line', async (t) => {
    const container = await start(t, '--env', 'DYNAMODB_TABLE_NAME=a', image)

    t.equal(await docker('wait', container), '1')
    const { stderr } = await promisify(execFile)('docker', ['logs', container])
    t.match(stderr, /^DYNAMODB_TABLE_NAME must be the name of a DynamoDB table: .*; it is "a"\.\n$/)
  })

  t.test('uses the credentials of a container endpoint', { timeout: 60_000 }, async (t) => {
    // The endpoint of the credentials, and DynamoDB.
    const host = `http
      .createServer(({ headers, method }, response) => {
        console.log(/Credential=\\w*/.exec(headers.authorization)?.[0])
        response.end(method === 'POST' ? '{}' : JSON.stringify({
          AccessKeyId: 'GIVEN', SecretAccessKey: 'secret', Token: 'token', Expiration: '2100-01-01T00:00:00Z'
        }))
      })
      .listen(9002, () => console.log('listening'))`
    const id = await start(t, '--entrypoint', 'node', image, '--eval', host)
    await untilLogged(id, /^listening$/)
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9002',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9002',
      AWS_REGION: 'eu-central-1',
      DYNAMODB_TABLE_NAME: 'test',
    }
    const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`])

    await start(t, '--network', `container:${id}`, ...variables, image)

    await untilLogged(id, /^Credential=GIVEN$/)
  })

  t.test('SIGTERM ends a function that is waiting for an event', { timeout: 60_000 }, async (t) => {
    const runtimeApi = `http
      .createServer(({ url }) => console.log(url))
      .listen(9001, () => console.log('listening'))`
    const api = await start(t, '--entrypoint', 'node', image, '--eval', runtimeApi)
    await untilLogged(api, /^listening$/)
    const env = ['AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001', 'DYNAMODB_TABLE_NAME=test']
    const options = ['--network', `container:${api}`, ...env.flatMap((each) => ['--env', each])]
    const container = await start(t, ...options, image)
    await untilLogged(api, /\/invocation\/next$/)

    await docker('stop', container)

    t.equal(await docker('wait', container), '0')
  })
})
