import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import t, { type Test } from 'tap'
import { type DynamoDBRequest, observeRequests } from '../../src/dynamodb/requests.ts'
import { createRespondingClient, type DynamoDBResponse } from '../support/responding-client.ts'

/** Collects the requests that the channel publishes, as they are at that time. */
function observe(t: Test) {
  const started: DynamoDBRequest[] = []
  const ended: DynamoDBRequest[] = []
  const stop = observeRequests(
    (request) => started.push({ ...request }),
    (request) => ended.push({ ...request })
  )
  t.teardown(stop)
  return { started, ended }
}

const get = new GetCommand({ TableName: 'people', Key: { PK: '1' } })
const throttled: DynamoDBResponse = [400, { __type: 'ThrottlingException' }]

t.test('a request is published when it starts and when it has ended', async (t) => {
  const { started, ended } = observe(t)

  await createRespondingClient(throttled, [200, {}]).send(get)

  const [start] = started
  t.match(start, { operation: 'GetItem', tableName: 'people', start: Number, attempts: 0 })
  const metadata = { requestId: 'REQUEST0', attempts: 2, totalRetryDelay: Number }
  const end = { operation: 'GetItem', attempts: 2, result: { output: { $metadata: metadata } } }
  t.match(ended, [end])
})

t.test('a failed request is published with its error', async (t) => {
  const { ended } = observe(t)
  const refused: DynamoDBResponse = [400, { __type: 'AccessDeniedException' }]

  await t.rejects(createRespondingClient(refused).send(get))

  const error = { name: 'AccessDeniedException', $metadata: { requestId: 'REQUEST0', attempts: 1 } }
  t.match(ended, [{ operation: 'GetItem', attempts: 1, error }])
})

t.test('a request of any command is published', async (t) => {
  const { started } = observe(t)
  const client = createRespondingClient([200, {}], [200, {}])

  await client.send(new GetItemCommand({ TableName: 'people', Key: { PK: { S: '1' } } }))
  await client.send(new TransactWriteCommand({ TransactItems: [] }))

  t.match(started, [
    { operation: 'GetItem', tableName: 'people' },
    { operation: 'TransactWriteItems', tableName: undefined },
  ])
})

t.test('without a subscriber, a request is sent as well', async (t) => {
  t.strictSame(
    (await createRespondingClient([200, { Item: { data: { S: 'Ada' } } }]).send(get)).Item,
    {
      data: 'Ada',
    }
  )
})
