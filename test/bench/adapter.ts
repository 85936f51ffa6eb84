import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { greeting } from '../support/greeting.ts'
import { restApi } from '../support/lambda-events.ts'
import { freePort } from '../support/listen.ts'
import { type RuntimeApiOptions, startRuntimeApi } from '../support/runtime-api.ts'
import type { Figures } from './interleave.ts'
import { summarize } from './statistics.ts'
import { server } from './subjects.ts'

const host = '127.0.0.1'

// The adapter requires more of its fields than the functions do.
const event = restApi.createEvent(greeting('1'))

/**
 * Measures the service's server as a function, behind AWS's web adapter: a cold start, and a warm greeting
 * of as many as `count`.
 */
export async function startAdapter(
  adapter: string,
  env: NodeJS.ProcessEnv,
  count: number
): Promise<Figures> {
  const port = `${await freePort()}`
  const api = await startRuntimeApi({ host, onTimeout() {}, serveOther: serveExtensionsApi })
  async function send(): Promise<number> {
    const start = performance.now()
    const { response, error } = await api.invoke(event)
    if (Object(response).statusCode !== 200) throw new Error(JSON.stringify(error ?? response))
    return performance.now() - start
  }

  const begin = performance.now()
  const programs = [
    spawn(process.execPath, server, {
      env: { ...process.env, ...env, HOST: host, PORT: port },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
    spawn(adapter, {
      env: {
        ...process.env,
        AWS_LAMBDA_RUNTIME_API: api.address,
        AWS_LAMBDA_FUNCTION_NAME: 'function',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/function',
        AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
        AWS_LWA_PORT: port,
        AWS_LWA_READINESS_CHECK_PATH: '/health',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  ]
  const ended = programs.map((program) => once(program, 'exit'))
  try {
    await api.ready()
    const ready = performance.now() - begin
    await send()
    const response = performance.now() - begin

    const times: number[] = []
    for (let i = 0; i < count; i++) await send()
    for (let i = 0; i < count; i++) times.push(await send())
    return { ready, response, 'warm p50': summarize(times).median }
  } finally {
    for (const program of programs) program.kill('SIGKILL')
    await Promise.all(ended)
    api.stop()
  }
}

/** Serves what the adapter uses of Lambda's Extensions API: it registers, and waits for the end. */
const serveExtensionsApi: RuntimeApiOptions['serveOther'] = ({ url }, response) => {
  response.setHeader('Lambda-Extension-Identifier', 'extension')
  // Any other request is for the next event, which would say that the environment shuts down.
  if (url?.endsWith('/register')) response.setHeader('content-type', 'application/json').end('{}')
}
