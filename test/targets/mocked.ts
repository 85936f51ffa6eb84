import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createRepository } from '../../src/hello/repository.ts'
import type { Target } from '../support/target.ts'
import { inject } from './inject.ts'

/** The app without a server, its AWS SDK mocked: no request leaves the process. */
export const mockedTarget: Target = {
  name: 'the app by inject, over a mocked AWS SDK',
  unsupported: {
    'carry dot segments': 'inject resolves them, as browsers do',
    'keep items': 'a mock stores nothing: it answers as told, and tells what it was asked',
  },

  async start() {
    process.env.DYNAMODB_TABLE_NAME = 'mocked-table'
    const { DYNAMODB_TABLE_NAME: tableName } = readConfig(process.env)
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'mocked' }))
    const mock = mockClient(client)
    mock.on(GetCommand).resolves({})
    mock.on(PutCommand).resolves({})
    const app = buildApp({ repository: createRepository(client, tableName), logLevel: 'silent' })

    return {
      send: (request) => inject(app, request),
      items: {
        async putName(id, name) {
          const Key = { PK: id, SK: 'NAME#' }
          mock
            .on(GetCommand, { TableName: tableName, Key })
            .resolves({ Item: { ...Key, data: name } })
        },
        async *history(id) {
          const puts = mock.commandCalls(PutCommand, { TableName: tableName })
          const items = puts.map((call) => call.args[0].input.Item ?? {})
          yield items
            .filter(({ PK, SK }) => PK === id && String(SK).startsWith('TS#'))
            .map(({ SK, data }) => ({ at: `${String(SK).slice(3, 26)}Z`, message: String(data) }))
        },
        async forget() {},
      },
      leftovers: async () => [],
      async stop() {
        mock.restore()
        await app.close()
        delete process.env.DYNAMODB_TABLE_NAME
      },
    }
  },
}
