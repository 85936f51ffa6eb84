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

/** Starts containers of the image, as docker-compose.yml defines them, over DynamoDB Local. */
export async function startContainers(): Promise<Environment> {
  const project = newProject()
  const compose = await startCompose(project)
  const gateway = '{{(index .IPAM.Config 0).Gateway}}'

  return {
    name: 'containers, over DynamoDB Local',
    dynamodb: compose.dynamodb,
    tableName: compose.tableName,
    client: compose.client,
    repository: compose.repository,
    // This machine is at the gateway of the network.
    host: await docker('network', 'inspect', '--format', gateway, compose.network),
    async serve(options) {
      const { origin, ...container } = await run(project, 'api', 3000, options)
      const pool = new Pool(origin)
      const stop = async () => {
        await pool.destroy()
        await container.stop()
      }
      return untilReady({ ...container, origin, send: (each) => sendOnSocket(pool, each), stop })
    },
    async handle(options) {
      const { origin, ...container } = await run(project, 'lambda', 8080, options)
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
  // It gets a problem, and does not use the table.
  const probe = () => instance.send({ path: '/' })
  await pRetry(probe, { retries: 300, minTimeout: 100, factor: 1 })
  return instance
}

/** Runs one more container of a service. */
async function run(project: string, service: string, port: number, options: InstanceOptions) {
  const env: string[] = []
  if (options.endpoint) env.push('--env', `AWS_ENDPOINT_URL_DYNAMODB=${options.endpoint}`)
  if (options.isClockFrozen) env.push('--env', `NODE_OPTIONS=${frozenClock}`)
  const output = await docker(
    ...['compose', '--project-name', project, '--profile', 'lambda', 'run', '--detach'],
    ...['--no-deps', '--publish', `127.0.0.1::${port}`, ...env, service]
  )
  const container = output.split('\n').at(-1) ?? ''

  async function peakMemory(): Promise<number | undefined> {
    // That of the last process: the emulator of Lambda may run in front of Node.js.
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
