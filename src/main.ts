import { setSourceMapsSupport } from 'node:module'
import { availableParallelism } from 'node:os'

// The entry point of the image. Lambda sets this variable for a function (AWS Lambda Developer Guide,
// "Building a custom runtime").
if (process.env.AWS_LAMBDA_RUNTIME_API) await handleEvents()
else await serve()

/** Serves HTTP. The function does not load these modules. */
async function serve(): Promise<void> {
  setSourceMapsSupport(true)
  const [{ readConfig }, { run }, { startServer }] = await Promise.all([
    import('./config.ts'),
    import('./server/run.ts'),
    import('./server/server.ts'),
  ])
  await run(async () => startServer(readConfig(process.env)))
}

/** Starts Lambda's runtime client, which loads the handler and passes it the events. */
async function handleEvents(): Promise<void> {
  const { env } = process
  env._HANDLER = 'lambda.handler'
  env.LAMBDA_TASK_ROOT = import.meta.dirname
  // The runtime client logs errors of the init phase and uncaught errors as JSON, too.
  env.AWS_LAMBDA_LOG_FORMAT = 'JSON'
  if (env.AWS_LAMBDA_MAX_CONCURRENCY) prepareWorkers(env)
  process.on('uncaughtException', (error) => {
    // The runtime client has logged a ConfigError, and reported it as an error of the init phase.
    if (error.name !== 'ConfigError') console.error(error)
    process.exit(1)
  })
  // The first process of a container has no default action for a signal, and `process.exit()` waits for
  // a thread of the runtime client, which waits for an event. To execute another program ends both.
  process.on('SIGTERM', () => process.execve?.('/bin/true'))
  await import('aws-lambda-ric')
}

/**
 * Lambda Managed Instances send several events at once. The runtime client then starts 8 worker threads
 * for each processor.
 */
function prepareWorkers(env: NodeJS.ProcessEnv): void {
  // In each worker, a thread of libuv's pool waits for an event. DNS lookups need threads, too.
  env.UV_THREADPOOL_SIZE ??= `${availableParallelism() * 8 + 4}`
  // Workers must not get V8's options again: they hold for all threads.
  process.execArgv = []
}
