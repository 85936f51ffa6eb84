import { readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { startDynamoDBStub } from './dynamodb-stub.ts'
import { runFunctionScript } from './function-script.ts'
import { greetingEvent } from './greeting-event.ts'

/**
 * Makes the code cache of the function in a folder, in the image that it is for: has the function
 * greet once, and keeps what V8 has compiled for that.
 */
const [, , folder = ''] = process.argv
Object.assign(process.env, await startDynamoDBStub(), { LOG_LEVEL: 'info' })

const context = {
  awsRequestId: 'build',
  callbackWaitsForEmptyEventLoop: true,
  functionName: 'hello',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:hello',
  logGroupName: '/aws/lambda/hello',
  logStreamName: 'build',
  memoryLimitInMB: '512',
  getRemainingTimeInMillis: () => 3000,
  done() {},
  fail() {},
  succeed() {},
}

const name = readdirSync(folder).find((name) => /^function-.*\.cjs$/.test(name))
const filename = resolve(folder, `${name}`)
const { script, exports } = runFunctionScript(filename)
const response = await exports.handler?.(greetingEvent, context)
if (response?.body !== 'Hello Ada!') throw new Error(JSON.stringify(response))
writeFileSync(`${filename}.cache`, script.createCachedData())
// The function keeps its connection, which keeps the server open.
process.exit()
