import { readFile } from 'node:fs/promises'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'
import { startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'

t.test('the table is the one of template.yaml, also when it is created again', async (t) => {
  const database = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(database.connection)
  t.teardown(async () => {
    client.destroy()
    await database.close()
  })

  await createTable(client, 'test')
  await createTable(client, 'test')

  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'test' }))
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8')
  const { AttributeDefinitions, BillingMode, KeySchema } =
    parseTemplate(template).Resources.Table.Properties
  t.strictSame(Table?.KeySchema, KeySchema)
  t.strictSame(Table?.AttributeDefinitions, AttributeDefinitions)
  t.equal(Table?.BillingModeSummary?.BillingMode, BillingMode)
})

t.test('an unreachable database is an error', async (t) => {
  const database = await startEmbeddedDynamoDB()
  const client = createDynamoDBClient(database.connection)
  t.teardown(() => client.destroy())
  await database.close()

  await t.rejects(createTable(client, 'test'), { code: 'ECONNREFUSED' })
})
