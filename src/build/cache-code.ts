import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { example } from '../resources.ts'
import { createApiEvent } from './api-event.ts'
import { startDynamoDBStub } from './dynamodb-stub.ts'
import { runFunctionScript } from './function-script.ts'

/**
 * Creates the code cache of the function in a folder: the function handles the example request, and the
 * cache gets what V8 has compiled for it. V8 accepts the cache in the same image only.
 */
const [, , folder = ''] = process.argv
Object.assign(process.env, await startDynamoDBStub(example.database), { LOG_LEVEL: 'info' })

const context = {
  awsRequestId: 'build',
  callbackWaitsForEmptyEventLoop: true,
  functionName: 'function',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:function',
  logGroupName: '/aws/lambda/function',
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
const response = await exports.handler?.(createApiEvent(example.request), context)
assert.deepEqual({ status: response?.statusCode, body: response?.body }, example.response)
writeFileSync(`${filename}.cache`, script.createCachedData())
// The function keeps its connection open, which would keep the process.
process.exit()
