import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { createDynamoDBClient } from '../../src/dynamodb-client.ts'
import { createTable } from '../../src/local/create-table.ts'
import { startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'

t.test('the table is that of template.yaml, however often it is created', async (t) => {
  const database = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(database.connection)
  t.teardown(async () => {
    client.destroy()
    await database.close()
  })

  await createTable(client, 'hello')
  await createTable(client, 'hello')

  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'hello' }))
  t.match(Table, {
    KeySchema: [
      { AttributeName: 'PK', KeyType: 'HASH' },
      { AttributeName: 'SK', KeyType: 'RANGE' },
    ],
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
  })
})

t.test('a database that refuses is an error', async (t) => {
  const database = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(database.connection)
  t.teardown(() => client.destroy())
  await database.close()

  await t.rejects(createTable(client, 'hello'), { code: 'ECONNREFUSED' })
})
