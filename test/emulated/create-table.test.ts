import { readFile } from 'node:fs/promises'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { yamlParse } from 'yaml-cfn'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
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
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8')
  const { AttributeDefinitions, BillingMode, KeySchema } =
    yamlParse(template).Resources.Table.Properties
  t.strictSame(Table?.KeySchema, KeySchema)
  t.strictSame(Table?.AttributeDefinitions, AttributeDefinitions)
  t.equal(Table?.BillingModeSummary?.BillingMode, BillingMode)
})

t.test('a database that refuses is an error', async (t) => {
  const database = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(database.connection)
  t.teardown(() => client.destroy())
  await database.close()

  await t.rejects(createTable(client, 'hello'), { code: 'ECONNREFUSED' })
})
