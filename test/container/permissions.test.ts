import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import manifest from '../../package.json' with { type: 'json' }
import { specifyHelloApi } from '../spec/hello-api.ts'
import { buildTimeout } from '../support/compose.ts'
import { docker, hostAddress, noEngine, runContainer, untilLogged } from '../support/docker.ts'
import { greeting, operations, seedPerson } from '../support/greeting.ts'
import { restApi } from '../support/lambda-events.ts'
import { origin } from '../support/start-process.ts'
import type { StartedTarget } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'
import {
  containerVariables,
  grantedActions,
  keyVariables,
  noMoto,
  profileVariables,
  startVerifyingDynamoDB,
  type VerifyingDynamoDB,
} from '../support/verifying-dynamodb.ts'
import { buildImage, httpResponse, startEnvironment } from '../targets/execution-environment.ts'
import { sendOnSocket } from '../targets/standalone.ts'

/** The image on a DynamoDB that verifies signatures and policies. */
const skip = (await noEngine()) || (await noMoto())

t.setTimeout(buildTimeout)
t.test('the image', { skip }, async (t) => {
  t.setTimeout(buildTimeout)
  await buildImage()
  const dynamodb = await startVerifyingDynamoDB(await hostAddress())
  t.teardown(dynamodb.stop)
  const role = await dynamodb.createRole(await grantedActions())
  const unsupported = { 'freeze the clock': 'it runs on the clock of the machine' }

  t.test('as the function, with the credentials of its role', async (t) => {
    const keys = await dynamodb.assumeRole(role)
    const start = () => startFunction(dynamodb, keyVariables(keys))
    specifyHelloApi(t, { name: 'the function', unsupported, start })
  })

  t.test('as the server, with credentials by variables', async (t) => {
    const keys = await dynamodb.assumeRole(role)
    const start = () => startServer(dynamodb, keyVariables(keys))
    specifyHelloApi(t, { name: 'the server', unsupported, start })
  })

  t.test('as the server, with credentials by the metadata of a container', async (t) => {
    const start = async () => startServer(dynamodb, await containerVariables(t, dynamodb, role))
    specifyHelloApi(t, { name: 'the server', unsupported, start })
  })

  t.test('as the server, with credentials by a role that a profile assumes', async (t) => {
    const variables = await profileVariables(t, dynamodb, role)
    const mount = `--volume=${variables.AWS_CONFIG_FILE}:${variables.AWS_CONFIG_FILE}:ro`
    const start = () => startServer(dynamodb, variables, mount)
    specifyHelloApi(t, { name: 'the server', unsupported, start })
  })

  for (const action of operations.map((operation) => `dynamodb:${operation}`)) {
    t.test(`as the function, rejects greetings without the permission ${action}`, async (t) => {
      const actions = (await grantedActions()).filter((each) => each !== action)
      const keys = await dynamodb.assumeRole(await dynamodb.createRole(actions))
      await expectRejection(t, dynamodb, await startFunction(dynamodb, keyVariables(keys)))
    })
  }

  t.test('as the function, rejects greetings with a wrong secret', async (t) => {
    const keys = { ...(await dynamodb.assumeRole(role)), secretAccessKey: 'wrong' }
    await expectRejection(t, dynamodb, await startFunction(dynamodb, keyVariables(keys)))
  })
})

/** The function under Lambda's runtime client, with all the variables that Lambda sets. */
async function startFunction(
  { repository, leftovers, variables }: VerifyingDynamoDB,
  credentials: Record<string, string>
): Promise<StartedTarget> {
  const environment = await startEnvironment({ variables: { ...variables, ...credentials } })
  return {
    send: async (request) => httpResponse(await environment.invoke(restApi.createEvent(request))),
    items: repository,
    leftovers,
    stop: environment.stop,
  }
}

async function startServer(
  { repository, leftovers, variables }: VerifyingDynamoDB,
  credentials: Record<string, string>,
  ...mounts: string[]
): Promise<StartedTarget> {
  const env = Object.entries({ ...variables, ...credentials, HOST: '127.0.0.1', PORT: '0' })
  const name = `test-${randomUUID()}`
  // On the network of this machine: the SDK accepts credentials by HTTP only from a loopback address.
  const options = ['--detach', '--network', 'host', '--name', name, ...mounts]
  await runContainer(...options, ...env.map((each) => `--env=${each.join('=')}`), manifest.name)
  const pool = new Pool(await untilLogged(name, origin))
  return {
    send: (request) => sendOnSocket(pool, request),
    items: repository,
    leftovers,
    async stop() {
      await pool.close()
      await docker('rm', '--force', name)
    },
  }
}

async function expectRejection(
  t: Test,
  dynamodb: VerifyingDynamoDB,
  { send, stop }: StartedTarget
) {
  t.teardown(stop)
  const data = new TestData(dynamodb.repository)
  const { id } = await seedPerson(t, data)

  const { status } = await send(greeting(id))

  // Not 500, as with AWS (unit/failures.test.ts): moto's error is XML, which DynamoDB never sends.
  t.equal(status, 503)
  t.strictSame(await data.messages(id), [])
}
