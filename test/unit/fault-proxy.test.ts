import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type DynamoDBRequest, startFaultProxy } from '../support/fault-proxy.ts'
import { listen } from '../support/listen.ts'

/** Starts the proxy in front of a database that responds with the body of the request. */
async function start(t: Test) {
  const database = createServer(async (request, response) => response.end(await text(request)))
  const proxy = await startFaultProxy(`http://127.0.0.1:${await listen(t, database)}`)
  t.teardown(() => proxy.stop())
  const seen: DynamoDBRequest[] = []
  proxy.follow((each) => {
    seen.push(each)
    return undefined
  })
  async function send(operation: string, body: string, attempt = 1) {
    const headers = {
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'amz-sdk-request': `attempt=${attempt}; max=3`,
    }
    const response = await request(proxy.endpoint, { method: 'POST', headers, body })
    return { status: response.statusCode, body: await response.body.text() }
  }
  return { proxy, seen, send }
}

const PK = { S: 'the key' }
const query = {
  KeyConditionExpression: '#id = :id AND begins_with(SK, :prefix)',
  ExpressionAttributeValues: { ':prefix': { S: 'A#' }, ':id': PK },
}
const requests: [operation: string, body: object][] = [
  ['GetItem', { TableName: 'table', Key: { PK, SK: { S: 'a' } } }],
  ['PutItem', { TableName: 'table', Item: { PK, SK: { S: 'a' }, data: { M: {} } } }],
  ['UpdateItem', { Key: { PK }, UpdateExpression: 'SET a = :a' }],
  ['DeleteItem', { Key: { PK }, ConditionExpression: 'attribute_exists(PK)' }],
  ['Query', query],
  ['TransactWriteItems', { TransactItems: [{ ConditionCheck: { Key: { PK } } }, { Put: {} }] }],
  ['TransactGetItems', { TransactItems: [{ Get: { TableName: 'table', Key: { PK } } }] }],
  ['BatchWriteItem', { RequestItems: { table: [{ PutRequest: { Item: { PK } } }] } }],
  ['BatchGetItem', { RequestItems: { table: { Keys: [{ PK }, { PK: { S: 'other' } }] } } }],
]
for (const [operation, body] of requests) {
  t.test(`a plan gets the operation, the attempt and the key of a ${operation}`, async (t) => {
    const { seen, send } = await start(t)

    await send(operation, JSON.stringify(body), 2)

    t.strictSame(seen, [{ operation, attempt: 2, partitionKey: 'the key' }])
  })
}

const withoutKey: [what: string, operation: string, body: string][] = [
  ['a request without a key', 'ListTables', '{}'],
  ['a Scan', 'Scan', '{"TableName":"table"}'],
  ['a Query without values', 'Query', '{"KeyConditionExpression":"PK = :id"}'],
  ['a key that is not a string', 'GetItem', '{"Key":{"PK":{"N":"7"}}}'],
  ['a body that is not an object', 'GetItem', '[null,7]'],
  ['a body that is not JSON', 'GetItem', 'nonsense'],
  ['an empty body', '', ''],
]
for (const [what, operation, body] of withoutKey) {
  t.test(`the proxy forwards ${what}`, async (t) => {
    const { seen, send } = await start(t)

    t.strictSame(await send(operation, body), { status: 200, body })
    t.strictSame(seen, [{ operation, attempt: 1, partitionKey: undefined }])
  })
}

t.test('the proxy injects a fault into the operation that the plan names', async (t) => {
  const { proxy, send } = await start(t)
  proxy.follow(({ operation }) => (operation === 'TransactWriteItems' ? 'throttle' : undefined))

  t.equal((await send('TransactWriteItems', '{}')).status, 400)
  t.equal((await send('Query', '{}')).status, 200)
  t.strictSame([...proxy.injected], [['throttle', 1]])
})
