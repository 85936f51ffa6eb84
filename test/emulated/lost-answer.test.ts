import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import t from 'tap'
import { request } from 'undici'
import { buildApp } from '../../src/app.ts'
import { createDynamoDBClient } from '../../src/dynamodb-client.ts'
import { createRepository } from '../../src/repository.ts'
import { startEmbeddedTable } from '../targets/embedded-table.ts'
import { inject } from '../targets/inject.ts'
import { listen } from '../targets/listen.ts'
import { TestData } from '../targets/test-data.ts'

t.test('a write whose answer is lost is sent again, and recorded once', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const data = new TestData(table.repository)
  const id = await data.seed(t, 'Ada')

  // Passes all on to the table, and loses the answer to the first write.
  let writes = 0
  const proxy = createServer(async (asked, answer) => {
    const { host, 'content-length': _, ...headers } = asked.headers
    const body = JSON.stringify(await json(asked))
    const response = await request(table.connection.endpoint, { method: 'POST', headers, body })
    const text = await response.body.text()
    const isWrite = String(headers['x-amz-target']).endsWith('PutItem')
    if (isWrite) writes++
    if (isWrite && writes === 1) answer.destroy()
    else
      answer
        .writeHead(response.statusCode, { 'content-type': 'application/x-amz-json-1.0' })
        .end(text)
  })
  const endpoint = `http://127.0.0.1:${await listen(t, proxy)}`
  const client = createDynamoDBClient({ ...table.connection, endpoint })
  t.teardown(() => client.destroy())
  const repository = createRepository(DynamoDBDocumentClient.from(client), table.tableName)
  const app = buildApp({ repository, logLevel: 'silent' })
  t.teardown(() => app.close())

  const { body } = await inject(app, { path: `/hello/${id}` })

  t.equal(body, 'Hello Ada!')
  t.equal(writes, 2)
  t.strictSame(await data.messages(id), ['Hello Ada!'])
})
