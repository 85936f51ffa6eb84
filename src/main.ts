import { setSourceMapsSupport } from 'node:module'
import { availableParallelism } from 'node:os'

// The one entry of the image. Lambda tells a process that it is a function by this variable.
// (AWS Lambda Developer Guide, "Building a custom runtime")
if (process.env.AWS_LAMBDA_RUNTIME_API) await handleEvents()
else await serve()

/** Serves HTTP. (A function would lose time with what is imported here.) */
async function serve(): Promise<void> {
  setSourceMapsSupport(true)
  const [{ readConfig }, { run }, { startServer }] = await Promise.all([
    import('./config.ts'),
    import('./server/run.ts'),
    import('./server/server.ts'),
  ])
  await run(async () => startServer(readConfig(process.env)))
}

/** Hands over to Lambda's runtime client, which loads the handler and brings it the events. */
async function handleEvents(): Promise<void> {
  const { env } = process
  env._HANDLER = 'lambda.handler'
  env.LAMBDA_TASK_ROOT = import.meta.dirname
  // What the runtime client logs is JSON, too: errors of the init phase and uncaught ones.
  env.AWS_LAMBDA_LOG_FORMAT = 'JSON'
  if (env.AWS_LAMBDA_MAX_CONCURRENCY) prepareWorkers(env)
  process.on('uncaughtException', (error) => {
    // The runtime client has logged this one, and reported it as an error of the init phase.
    if (error.name !== 'ConfigError') console.error(error)
    process.exit(1)
  })
  // The first process of a container has no default action for a signal. And `process.exit()` would
  // wait for a thread of the runtime client, which waits for an event: another program ends both.
  process.on('SIGTERM', () => process.execve?.('/bin/true'))
  await import('aws-lambda-ric')
}

/**
 * Where Lambda sends several events at once, as Lambda Managed Instances do, the runtime client
 * starts 8 worker threads for each processor.
 */
function prepareWorkers(env: NodeJS.ProcessEnv): void {
  // Each worker keeps a thread of libuv's pool waiting for an event. DNS lookups need some, too.
  env.UV_THREADPOOL_SIZE ??= `${availableParallelism() * 8 + 4}`
  // The workers would get these options. Node.js takes V8's only for all threads, and they have them.
  process.execArgv = []
}
