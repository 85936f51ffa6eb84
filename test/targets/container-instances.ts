import pRetry from 'p-retry'
import { newProject, startCompose } from './compose.ts'
import { lambdaContainer, standaloneContainer } from './containers.ts'
import { docker } from './docker.ts'
import { frozenClock, type Home, type Instance, type Place, readPeakMemory } from './place.ts'

/** Containers of the image, over DynamoDB Local, each as docker-compose.yml has it. */
export async function startContainers(): Promise<Place> {
  const project = newProject()
  const compose = await startCompose(project)
  const gateway = '{{(index .IPAM.Config 0).Gateway}}'

  return {
    name: 'containers over DynamoDB Local',
    dynamodb: compose.dynamodb,
    tableName: 'hello',
    repository: compose.repository,
    // Where a network has its gateway, this machine is.
    host: await docker('network', 'inspect', '--format', gateway, compose.network),
    start: (home) => start(project, home),
    stop: compose.down,
  }

  async function start(
    project: string,
    { kind, endpoint, isClockFrozen }: Home
  ): Promise<Instance> {
    const [service, port] = kind === 'server' ? ['api', 3000] : ['lambda', 8080]
    const env = [`AWS_ENDPOINT_URL_DYNAMODB=${endpoint}`]
    if (isClockFrozen) env.push(`NODE_OPTIONS=${frozenClock}`)
    const run = ['run', '--detach', '--no-deps', '--publish', `127.0.0.1::${port}`]
    const variables = env.flatMap((each) => ['--env', each])
    const output = await docker(
      ...['compose', '--project-name', project, '--profile', 'lambda'],
      ...[...run, ...variables, service]
    )
    const container = output.split('\n').at(-1) ?? ''
    const origin = `http://${await docker('port', container, `${port}`)}`
    const target = kind === 'server' ? standaloneContainer : lambdaContainer
    const { send, stop } = await target({ ...compose, api: origin, lambda: origin }).start()
    // What is refused here is nothing in the table.
    await pRetry(() => send({ path: '/hello/' }), { retries: 100, minTimeout: 100, factor: 1 })

    return {
      send,
      terminate: async () => void (await docker('kill', '--signal', 'SIGTERM', container)),
      freeze: async () => void (await docker('pause', container)),
      thaw: async () => void (await docker('unpause', container)),
      ended: async () => Number(await docker('wait', container)),
      logs: () => docker('logs', container),
      // Node.js is the container's last process: before it comes, if anything, the emulator of Lambda.
      peakMemory: async () =>
        readPeakMemory(await docker('exec', container, 'sh', '-c', 'cat /proc/[0-9]*/status')),
      async stop() {
        await stop()
        await docker('rm', '--force', container)
      },
    }
  }
}
