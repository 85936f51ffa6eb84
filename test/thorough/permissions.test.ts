import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { greeting, operations, seedPerson } from '../support/greeting.ts'
import { origin, startProcess } from '../support/start-process.ts'
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
import { sendOnSocket } from '../targets/standalone.ts'

/** The standalone server on a DynamoDB that verifies signatures and policies. */
t.test('the server', { skip: await noMoto() }, async (t) => {
  const dynamodb = await startVerifyingDynamoDB()
  t.teardown(dynamodb.stop)
  const role = await dynamodb.createRole(await grantedActions())
  const sources: [name: string, variables: (t: Test) => Promise<NodeJS.ProcessEnv>][] = [
    ['variables', async () => keyVariables(await dynamodb.assumeRole(role))],
    ['the metadata of a container', async (t) => containerVariables(t, dynamodb, role)],
    ['a role that a profile assumes', async (t) => profileVariables(t, dynamodb, role)],
  ]
  for (const [name, variables] of sources) {
    t.test(`with credentials by ${name}`, async (t) =>
      specifyHelloApi(t, {
        name,
        unsupported: { 'freeze the clock': 'it runs on the clock of the machine' },
        start: async () => start(t, dynamodb, await variables(t)),
      })
    )
  }

  for (const action of operations.map((operation) => `dynamodb:${operation}`)) {
    t.test(`rejects greetings without the permission ${action}`, async (t) => {
      const actions = (await grantedActions()).filter((each) => each !== action)
      const keys = await dynamodb.assumeRole(await dynamodb.createRole(actions))
      await expectRejection(t, dynamodb, keyVariables(keys))
    })
  }

  t.test('rejects greetings with a wrong secret', async (t) => {
    const keys = { ...(await dynamodb.assumeRole(role)), secretAccessKey: 'wrong' }
    await expectRejection(t, dynamodb, keyVariables(keys))
  })
})

async function start(
  t: Test,
  { repository, leftovers, variables }: VerifyingDynamoDB,
  credentials: NodeJS.ProcessEnv
): Promise<StartedTarget> {
  const none = {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SESSION_TOKEN: undefined,
  }
  const env = { ...none, ...variables, ...credentials, HOST: '127.0.0.1' }
  const { printed } = startProcess(t, '.', env, 'main.ts')
  const pool = new Pool(await printed(origin))
  return {
    send: (request) => sendOnSocket(pool, request),
    items: repository,
    leftovers,
    stop: () => pool.close(),
  }
}

async function expectRejection(
  t: Test,
  dynamodb: VerifyingDynamoDB,
  credentials: NodeJS.ProcessEnv
) {
  const data = new TestData(dynamodb.repository)
  const { send, stop } = await start(t, dynamodb, credentials)
  t.teardown(stop)
  const { id } = await seedPerson(t, data)

  const { status } = await send(greeting(id))

  // Not 500, as with AWS (unit/failures.test.ts): moto's error is XML, which DynamoDB never sends.
  t.equal(status, 503)
  t.strictSame(await data.messages(id), [])
}
