import { setSourceMapsSupport } from 'node:module'

// The one entry of the image. Lambda tells a process that it is a function by this variable.
// (AWS Lambda Developer Guide, "Building a custom runtime")
if (process.env.AWS_LAMBDA_RUNTIME_API) await handleEvents()
else await serve()

/** Serves HTTP. (A function would lose time with what is imported here.) */
async function serve(): Promise<void> {
  setSourceMapsSupport(true)
  const [{ readConfig }, { run }, { startServer }] = await Promise.all([
    import('./config.ts'),
    import('./run.ts'),
    import('./server.ts'),
  ])
  await run(async () => startServer(readConfig(process.env)))
}

/** Hands over to Lambda's runtime client, which loads the handler and brings it the events. */
async function handleEvents(): Promise<void> {
  process.env._HANDLER = 'lambda.handler'
  process.env.LAMBDA_TASK_ROOT = import.meta.dirname
  // The runtime client gives these options to the worker threads that it starts where Lambda sends
  // several events at once (AWS_LAMBDA_MAX_CONCURRENCY). Node.js takes V8's only for all threads.
  process.execArgv = []
  // The first process of a container has no default action for a signal. And `process.exit()` would
  // wait for a thread of the runtime client, which waits for an event: another program ends both.
  process.on('SIGTERM', () => process.execve?.('/bin/true'))
  await import('aws-lambda-ric')
}
