import { Readable } from 'node:stream'
import { mock } from 'node:test'
import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { HttpResponse } from '@smithy/core/protocols'
import t, { type Test } from 'tap'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'

/** Reads an item of a DynamoDB that always fails in a way; time passes fast meanwhile. */
async function readItem(t: Test, fail: () => HttpResponse) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const clock = setInterval(() => mock.timers.tick(1000), 1)
  t.teardown(() => {
    clearInterval(clock)
    mock.timers.reset()
  })
  let attempts = 0
  async function handle() {
    attempts++
    return { response: fail() }
  }
  const client = createDynamoDBClient({
    ...localConnection('http://127.0.0.1:1'),
    ...patience,
    requestHandler: { handle },
  })
  const command = new GetItemCommand({ TableName: 'hello', Key: { PK: { S: '1' } } })
  const error = await client.send(command).catch((error: unknown) => error)
  return { attempts, error }
}

function respond(statusCode: number, type: string) {
  return () =>
    new HttpResponse({
      statusCode,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: Readable.from([Buffer.from(JSON.stringify({ __type: `com.amazon#${type}` }))]),
    })
}

function throwError(properties: { name?: string; code?: string }) {
  return () => {
    throw Object.assign(new Error('a failure'), properties)
  }
}

// An attempt without a response takes up to 20 seconds; failures at once are a second apart.
const failures: [what: string, fail: () => HttpResponse, attempts: number][] = [
  ['throttles', respond(400, 'ProvisionedThroughputExceededException'), 60],
  ['responds with 503', respond(503, 'ServiceUnavailable'), 60],
  ['closes its connections', throwError({ name: 'TimeoutError', code: 'ECONNRESET' }), 60],
  ['does not respond', throwError({ name: 'TimeoutError', code: 'ETIMEDOUT' }), 3],
  ['cannot be connected to in time', throwError({ name: 'TimeoutError' }), 3],
  ['refuses connections', throwError({ code: 'ECONNREFUSED' }), 3],
  ['does not have the table', respond(400, 'ResourceNotFoundException'), 1],
]
for (const [what, fail, attempts] of failures) {
  t.test(`a tool gives up after ${attempts} attempts when DynamoDB ${what}`, async (t) => {
    const result = await readItem(t, fail)
    t.equal(result.attempts, attempts)
    t.type(result.error, Error)
  })
}
