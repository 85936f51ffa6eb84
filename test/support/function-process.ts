import { handler } from '../../src/lambda/handler.ts'
import { createContext } from '../targets/lambda.ts'

/** A process that is a Lambda environment: it has its parent's events handled. */
process.on('message', async (event: Parameters<typeof handler>[0]) => {
  process.send?.(await handler(event, createContext()))
})
process.send?.('ready')
