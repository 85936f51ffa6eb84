import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import pLimit from 'p-limit'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { Pool } from 'undici'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { childVariables, endWithTests } from '../support/child.ts'
import {
  type Environment,
  frozenClock,
  type Instance,
  type InstanceOptions,
  readPeakMemory,
  type Server,
} from '../support/environment.ts'
import { restApi } from '../support/lambda-events.ts'
import { collectOutput, origin as listening, untilPrinted } from '../support/start-process.ts'
import { LambdaResponse, type Request, type Response } from '../support/target.ts'
import { sendOnSocket } from './standalone.ts'

const Database = Type.Object({ endpoint: Type.String(), tableName: Type.String() })

/** Starts processes on this machine, over an embedded DynamoDB in another process. */
export async function startProcesses(): Promise<Environment> {
  const database = start('test/support/database-process.ts')
  const { endpoint, tableName } = Value.Parse(Database, await database.message())
  const client = DynamoDBDocumentClient.from(
    createDynamoDBClient({ ...localConnection(endpoint), ...patience })
  )

  const variables = (options: InstanceOptions) => ({
    DYNAMODB_TABLE_NAME: tableName,
    AWS_ENDPOINT_URL_DYNAMODB: options.endpoint ?? endpoint,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    LOG_LEVEL: 'info',
    MESSAGE_DAYS: undefined,
  })
  return {
    name: 'processes, over the embedded DynamoDB',
    dynamodb: endpoint,
    tableName,
    client,
    repository: createRepository(client, tableName),
    host: '127.0.0.1',
    serve: (options) => serve(variables(options), options),
    handle: (options) => handle(variables(options), options),
    async stop() {
      client.destroy()
      await database.stop()
    },
  }
}

async function serve(env: NodeJS.ProcessEnv, options: InstanceOptions): Promise<Server> {
  const process = start('src/main.ts', { ...env, HOST: '127.0.0.1', PORT: '0' }, options)
  const origin = await process.printed(listening)
  const pool = new Pool(origin)
  const stop = async () => {
    await pool.destroy()
    await process.stop()
  }
  return { ...process, origin, send: (request) => sendOnSocket(pool, request), stop }
}

async function handle(env: NodeJS.ProcessEnv, options: InstanceOptions): Promise<Instance> {
  const process = start('test/support/function-process.ts', env, options)
  await process.message()
  const limit = pLimit(1)

  async function invoke(request: Request): Promise<Response> {
    process.child.send(restApi.createEvent(request))
    const { statusCode, headers, body } = Value.Parse(LambdaResponse, await process.message())
    return { status: statusCode, headers, body }
  }
  return { ...process, send: (request) => limit(invoke, request) }
}

function start(script: string, env: NodeJS.ProcessEnv = {}, { isClockFrozen = false } = {}) {
  const child = endWithTests(
    fork(fileURLToPath(new URL(`../../${script}`, import.meta.url)), {
      execArgv: isClockFrozen ? [frozenClock] : [],
      env: { ...process.env, ...childVariables, ...env },
      silent: true,
    })
  )
  const exited = once(child, 'exit')
  const output = collectOutput(child)

  async function message(): Promise<unknown> {
    const ended = exited.then(() =>
      Promise.reject(new Error(`the process ended: ${output.stderr}`))
    )
    return (await Promise.race([once(child, 'message'), ended]))[0]
  }

  return {
    child,
    message,
    printed: (pattern: RegExp) => untilPrinted(child, output, pattern),
    terminate: async () => void child.kill('SIGTERM'),
    freeze: async () => void child.kill('SIGSTOP'),
    thaw: async () => void child.kill('SIGCONT'),
    ended: async () => Number((await exited)[0]),
    logs: async () => output.stdout + output.stderr,
    peakMemory: () =>
      readFile(`/proc/${child.pid}/status`, 'utf8').then(readPeakMemory, () => undefined),
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
