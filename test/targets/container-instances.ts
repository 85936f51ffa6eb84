import pRetry from 'p-retry'
import { Pool } from 'undici'
import { newProject, startCompose } from '../support/compose.ts'
import { docker } from '../support/docker.ts'
import {
  type Environment,
  frozenClock,
  type Instance,
  type InstanceOptions,
  readPeakMemory,
} from '../support/environment.ts'
import { lambdaContainer } from './containers.ts'
import { sendOnSocket } from './standalone.ts'

/** Containers of the image, each as docker-compose.yml has it, over DynamoDB Local. */
export async function startContainers(): Promise<Environment> {
  const project = newProject()
  const compose = await startCompose(project)
  const gateway = '{{(index .IPAM.Config 0).Gateway}}'

  return {
    name: 'containers, over DynamoDB Local',
    dynamodb: compose.dynamodb,
    tableName: 'hello',
    client: compose.client,
    repository: compose.repository,
    // Where a network has its gateway, this machine is.
    host: await docker('network', 'inspect', '--format', gateway, compose.network),
    async serve(home) {
      const { origin, ...container } = await run(project, 'api', 3000, home)
      const pool = new Pool(origin)
      const stop = async () => {
        await pool.destroy()
        await container.stop()
      }
      return untilReady({ ...container, origin, send: (each) => sendOnSocket(pool, each), stop })
    },
    async handle(home) {
      const { origin, ...container } = await run(project, 'lambda', 8080, home)
      const { send, ...target } = await lambdaContainer({ ...compose, lambda: origin }).start()
      const stop = async () => {
        await target.stop()
        await container.stop()
      }
      return untilReady({ ...container, send, stop })
    },
    stop: compose.down,
  }
}

async function untilReady<T extends Instance>(instance: T): Promise<T> {
  // It is refused, and makes nothing of the table.
  const ask = () => instance.send({ path: '/hello/' })
  await pRetry(ask, { retries: 300, minTimeout: 100, factor: 1 })
  return instance
}

/** Runs one more container of a service. */
async function run(project: string, service: string, port: number, home: InstanceOptions) {
  const env: string[] = []
  if (home.endpoint) env.push('--env', `AWS_ENDPOINT_URL_DYNAMODB=${home.endpoint}`)
  if (home.isClockFrozen) env.push('--env', `NODE_OPTIONS=${frozenClock}`)
  const output = await docker(
    ...['compose', '--project-name', project, '--profile', 'lambda', 'run', '--detach'],
    ...['--no-deps', '--publish', `127.0.0.1::${port}`, ...env, service]
  )
  const container = output.split('\n').at(-1) ?? ''

  async function peakMemory(): Promise<number | undefined> {
    // Of the last process: in front of Node.js there may be the emulator of Lambda.
    const command = ['exec', container, 'sh', '-c', 'cat /proc/[0-9]*/status']
    return docker(...command).then(readPeakMemory, () => undefined)
  }

  return {
    origin: `http://${await docker('port', container, `${port}`)}`,
    terminate: async () => void (await docker('kill', '--signal', 'SIGTERM', container)),
    freeze: async () => void (await docker('pause', container)),
    thaw: async () => void (await docker('unpause', container)),
    ended: async () => Number(await docker('wait', container)),
    logs: () => docker('logs', container),
    peakMemory,
    stop: async () => void (await docker('rm', '--force', container)),
  }
}
