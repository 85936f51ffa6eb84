import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { Pool } from 'undici'
import type { Stack } from '../../src/cli/stack.ts'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { basePath, idIn } from '../support/greeting.ts'
import { requestsAtOnce, type StartedTarget, type Target } from '../support/target.ts'
import { sendOnSocket } from './standalone.ts'

/** A stack that is deployed to AWS. */
export function deployedStack(stack: Stack): Target {
  return {
    name: 'the deployed stack',
    unsupported: {
      'freeze the clock': 'it uses the clock of AWS',
      'share the clock': 'it uses the clock of AWS',
      'pass on unknown routes': 'API Gateway responds to it, without the service',
    },
    start: () => start(stack),
  }
}

/** A stack that is deployed to MiniStack, an emulator of AWS. */
export function stackOnMiniStack(stack: Stack): Target {
  return {
    name: 'the stack on MiniStack',
    unsupported: {
      'carry encoded slashes': 'MiniStack decodes the path',
      'carry encoded reserved characters': 'MiniStack decodes the path',
      'freeze the clock': 'it uses the clock of the machine',
      'pass on unknown routes': 'MiniStack responds to it, as API Gateway does',
    },
    start: () => start(stack),
  }
}

/** Connects to the live API of a stack, and to its table. */
async function start({ endpoint, region, tableName }: Stack): Promise<StartedTarget> {
  const { origin, pathname } = new URL(endpoint)
  const prefix = pathname.slice(0, pathname.lastIndexOf(`${basePath}/`))
  const pool = new Pool(origin, { connections: requestsAtOnce })
  const client = createDynamoDBClient({ region, ...patience })
  const repository = createRepository(DynamoDBDocumentClient.from(client), tableName)

  // Reads of names are eventually consistent, those of the service too, and several replicas respond to
  // them: after three equal reads in a row, all replicas count as up to date.
  async function settle(id: string, name: string | undefined): Promise<void> {
    const deadline = AbortSignal.timeout(30_000)
    for (let agreed = 0; agreed < 3; ) {
      agreed = (await repository.getName(id, deadline)) === name ? agreed + 1 : 0
    }
  }

  const seed = async (id: string, name: string) => {
    await repository.putName(id, name)
    await settle(id, name)
  }
  const use = forgetWhenInterrupted(repository.forget)

  return {
    send({ path, ...request }) {
      return use(idIn(path), () => sendOnSocket(pool, { path: prefix + path, ...request }))
    },
    items: {
      history: repository.history,
      forget: repository.forget,
      putName: (id, name) => use(id, () => seed(id, name)),
    },
    async leftovers(ids) {
      await Promise.all(ids.map((id) => settle(id, undefined)))
      const histories = ids.map((id) => Array.fromAsync(repository.history(id)))
      return (await Promise.all(histories)).flat()
    },
    async stop() {
      await pool.close()
      client.destroy()
    },
  }
}

/**
 * Removes the items of an interrupted run, since the table stays: after the first signal, no further
 * request starts, those in flight end, the items of all used ids are removed, and the process ends.
 */
function forgetWhenInterrupted(forget: (id: string) => Promise<void>) {
  const ids = new Set<string>()
  const inFlight = new Set<Promise<unknown>>()
  let cleaning: Promise<void> | undefined
  // A signal may arrive twice: from the terminal, and from npm, which passes it on.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      cleaning ??= cleanUp(signal)
    })

  async function cleanUp(signal: string): Promise<void> {
    await Promise.allSettled(inFlight)
    await Promise.all([...ids].map(forget))
    console.error(`${signal}: the items of the tests are removed`)
    process.exit(1)
  }

  return async <T>(id: string, use: () => Promise<T>): Promise<T> => {
    if (cleaning) return new Promise(() => {})
    const used = use()
    ids.add(id)
    inFlight.add(used)
    return used.finally(() => inFlight.delete(used))
  }
}
