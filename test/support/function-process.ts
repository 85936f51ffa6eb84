import { handler } from '../../src/lambda/handler.ts'
import { createContext } from '../targets/lambda.ts'

/** Handles the events that the parent process sends, like an environment of a Lambda function. */
process.on('message', async (event: Parameters<typeof handler>[0]) => {
  process.send?.(await handler(event, createContext()))
})
process.send?.('ready')
