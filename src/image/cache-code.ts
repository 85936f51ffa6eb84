import { readdirSync, writeFileSync } from 'node:fs'
import { startDynamoDBStub } from './dynamodb-stub.ts'
import { runFunctionScript } from './function-script.ts'

/**
 * Makes the code cache of the function, in the image that it is for: has the function greet once, and
 * keeps what V8 has compiled for that.
 */
const dynamodb = await startDynamoDBStub()
Object.assign(process.env, dynamodb.env, { LOG_LEVEL: 'info' })

const event = {
  httpMethod: 'GET',
  path: '/hello/1',
  headers: { accept: '*/*' },
  requestContext: { resourcePath: '/hello/{id}', stage: 'Prod', path: '/Prod/hello/1' },
}

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

const name = readdirSync('dist').find((name) => /^function-.*\.cjs$/.test(name))
const filename = `${process.cwd()}/dist/${name}`
const { script, exports } = runFunctionScript(filename)
const response = await exports.handler?.(event, context)
if (response?.body !== 'Hello Ada!') throw new Error(JSON.stringify(response))
writeFileSync(`${filename}.cache`, script.createCachedData())
dynamodb.close()
