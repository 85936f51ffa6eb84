import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { runFunctionScript } from './function-script.ts'

/**
 * Makes the code cache of the function, in the image that it is for: has the function greet once, and
 * keeps what V8 has compiled for that.
 */
const dynamodb = createServer((request, response) => {
  const isRead = String(request.headers['x-amz-target']).endsWith('GetItem')
  response.setHeader('content-type', 'application/x-amz-json-1.0')
  response.end(isRead ? '{"Item":{"data":{"S":"Ada"}}}' : '{}')
})
dynamodb.listen(0, '127.0.0.1')
await once(dynamodb, 'listening')
const address = dynamodb.address()
Object.assign(process.env, {
  DYNAMODB_TABLE_NAME: 'hello',
  LOG_LEVEL: 'info',
  AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${typeof address === 'object' && address?.port}`,
  AWS_REGION: 'local',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SESSION_TOKEN: 'local',
})

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

for (const name of readdirSync('dist').filter((name) => /^function-.*\.cjs$/.test(name))) {
  const { script, exports } = runFunctionScript(`${process.cwd()}/dist/${name}`)
  const response = await exports.handler?.(event, context)
  if (response?.body !== 'Hello Ada!') throw new Error(JSON.stringify(response))
  writeFileSync(`dist/${name}.cache`, script.createCachedData())
}
dynamodb.close()
dynamodb.closeAllConnections()
