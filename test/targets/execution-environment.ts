import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Value } from 'typebox/value'
import manifest from '../../package.json' with { type: 'json' }
import { docker, hostAddress, runContainer, untilLogged } from '../support/docker.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import type { EventSource } from '../support/lambda-events.ts'
import { type Outcome, type RuntimeApiOptions, startRuntimeApi } from '../support/runtime-api.ts'
import { LambdaResponse, type Response, type Target } from '../support/target.ts'
import { toResponse } from './lambda.ts'

const image = manifest.name

/** The host name of this machine for a function: endpoints of AWS have names, not addresses. */
export const hostName = 'host.test'

/**
 * The variables that Lambda sets. AWS_EXECUTION_ENV is not one of them for a container image that is
 * not based on an image of AWS. (AWS Lambda Developer Guide, "Defined runtime environment variables")
 */
const reservedVariables = {
  AWS_ACCESS_KEY_ID: 'ASIAENVIRONMENT',
  AWS_DEFAULT_REGION: 'eu-central-1',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
  AWS_LAMBDA_FUNCTION_NAME: 'function',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/function',
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef',
  AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
  AWS_REGION: 'eu-central-1',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token',
  AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000',
  LAMBDA_RUNTIME_DIR: '/var/runtime',
  LAMBDA_TASK_ROOT: '/var/task',
  LANG: 'en_US.UTF-8',
  LD_LIBRARY_PATH:
    '/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/bin',
  TZ: ':UTC',
  _HANDLER: '',
}

export interface EnvironmentOptions {
  /** The variables of the function's configuration; `undefined` removes one that Lambda sets. */
  variables: Record<string, string | undefined>
  /** Megabytes of memory. */
  memory?: number
  /** Further options of `docker run`. */
  options?: string[]
  /** Whether the function is frozen between invocations; not if it handles concurrent events. */
  freezes?: boolean
  /** Responds to requests to 127.0.0.1:9001 outside the Runtime API. */
  serveOther?: RuntimeApiOptions['serveOther']
}

/** Builds the image that the environments run. */
export async function buildImage(): Promise<void> {
  await docker('compose', 'build', '--quiet', 'api')
}

/**
 * Starts an execution environment of Lambda; `stop` it at the end. Two containers share their network
 * and processes: one does Lambda's part, the other one runs the function as Lambda does, with variables,
 * a user id that the image does not define, and a file system that is read-only except for /tmp.
 */
export async function startEnvironment({
  variables,
  memory = 128,
  options = [],
  freezes = true,
  serveOther,
}: EnvironmentOptions) {
  const host = await hostAddress()
  const api = await startRuntimeApi({ host, onTimeout, serveOther })
  // Lambda runs no health check.
  const common = ['--detach', '--no-healthcheck', '--user', '993:990']
  const containers: string[] = []
  const sandbox = await runContainer(
    ...[...common, '--add-host', `${hostName}:${host}`, '--entrypoint', 'node'],
    ...['--env', `RUNTIME_API=${api.address}`, '--env', `FREEZE=${freezes ? 1 : ''}`, image],
    ...['--input-type=module-typescript', '--eval', await readInit()]
  ).catch(abandon)
  containers.push(sandbox)
  await untilLogged(sandbox, /^listening$/).catch(abandon)

  const limits = { memory: `${memory}m`, 'memory-swap': `${memory}m`, cpus: 1 }
  const env = {
    ...reservedVariables,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${memory}`,
    // Not the CA bundle that the base image of a test machine may have.
    NODE_EXTRA_CA_CERTS: '',
    ...variables,
  }
  const container = await runContainer(
    ...[...common, '--read-only', '--tmpfs', '/tmp:mode=1777', '--cap-drop', 'ALL'],
    ...['--pid', `container:${sandbox}`, '--network', `container:${sandbox}`],
    ...Object.entries(limits).map(([name, value]) => `--${name}=${value}`),
    ...Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : `--env=${name}=${value}`
    ),
    ...options,
    image
  ).catch(abandon)
  containers.unshift(container)

  const ended = docker('wait', container).then((code) => {
    const errorMessage = `Runtime exited with error: exit status ${code}`
    api.close({ errorType: 'Runtime.ExitError', errorMessage })
    return Number(code)
  })
  // A rejection is handled, also when no test awaits it.
  ended.catch(() => {})

  async function abandon(error: unknown): Promise<never> {
    await stop()
    throw error
  }

  async function stop(): Promise<void> {
    if (containers.length > 0) await docker('rm', '--force', ...containers)
    api.stop()
  }

  async function signal(name: NodeJS.Signals): Promise<void> {
    await docker('kill', '--signal', name, container)
  }

  async function onTimeout(seconds: string): Promise<void> {
    const errorMessage = `Task timed out after ${seconds} seconds`
    api.close({ errorType: 'Sandbox.Timedout', errorMessage })
    await signal('SIGKILL')
  }

  return {
    /** Resolves when the function waits for an event. */
    async ready(): Promise<void> {
      const early = ended.then(async (code) => {
        const lines = (await readLogs(container)).map(({ text }) => text)
        throw new Error(`the function ended with ${code}: ${lines.join('\n')}`)
      })
      await Promise.race([api.ready(), early])
    },
    invoke: api.invoke,
    maxPolls: api.maxPolls,
    initError: api.initError,
    signal,
    /** Returns the processor time of the function in milliseconds, in steps of 10. */
    processorTime: () => readProcessorTime(sandbox),
    /** Resolves with the exit code when the function's process has ended. */
    ended: () => ended,
    logs: () => readLogs(container),
    stop,
  }
}

/** Returns the HTTP response of an invocation. */
export function httpResponse({ response, error }: Outcome): Response {
  if (error) throw new Error(`${error.errorType}: ${error.errorMessage}`)
  return toResponse(Value.Parse(LambdaResponse, response))
}

/** The image in an execution environment, with the events of one source, over the embedded DynamoDB. */
export function environmentTarget(source: EventSource): Target {
  return {
    name: `the image behind ${source.name}, over the embedded DynamoDB`,
    unsupported: {
      ...source.unsupported,
      'freeze the clock': 'it uses the clock of the machine',
    },

    async start() {
      const database = await startReachableTable()
      const environment = await startEnvironment({ variables: database.variables })
      return {
        send: async (request) =>
          httpResponse(await environment.invoke(source.createEvent(request))),
        items: database.table.repository,
        leftovers: database.table.leftovers,
        async stop() {
          await environment.stop()
          await database.stop()
        },
      }
    },
  }
}

/** Starts an embedded DynamoDB that environments can reach, through a proxy that can inject faults. */
export async function startReachableTable() {
  const host = await hostAddress()
  const table = await startEmbeddedTable()
  const proxy = await startFaultProxy(table.connection.endpoint, host)
  const { port } = new URL(proxy.endpoint)
  return {
    table,
    proxy,
    variables: {
      DYNAMODB_TABLE_NAME: table.tableName,
      AWS_ENDPOINT_URL_DYNAMODB: `http://${hostName}:${port}`,
    },
    async stop(): Promise<void> {
      await proxy.stop()
      await table.stop()
    },
  }
}

/** Reads the processor time of all processes but process 1 and its own (proc_pid_stat(5)). */
async function readProcessorTime(sandbox: string): Promise<number> {
  const stats = await docker('exec', sandbox, 'sh', '-c', 'cat /proc/[0-9]*/stat')
  const own = /^(1|\d+ \((sh|cat)\)) /
  const ticks = stats.split('\n').flatMap((line) => {
    if (own.test(line)) return []
    const [user, system] = line.slice(line.lastIndexOf(')')).split(' ').slice(12, 14)
    return [Number(user), Number(system)]
  })
  return 10 * ticks.reduce((sum, each) => sum + each, 0)
}

/** A line of a function's log. */
export interface LogLine {
  text: string
  /** The fields of the line's JSON object; none if the line is not JSON. */
  fields: Record<string, unknown>
}

/** Returns the lines of a function's standard output, then of its standard error. */
async function readLogs(container: string): Promise<LogLine[]> {
  const output = await promisify(execFile)('docker', ['logs', container], { maxBuffer: 2 ** 28 })
  const lines = `${output.stdout}${output.stderr}`.split('\n').filter((text) => text !== '')
  return lines.map((text) => ({ text, fields: parseFields(text) }))
}

function parseFields(text: string): LogLine['fields'] {
  try {
    return { ...JSON.parse(text) }
  } catch {
    return {}
  }
}

function readInit(): Promise<string> {
  return readFile(fileURLToPath(new URL('../support/environment-init.ts', import.meta.url)), 'utf8')
}
