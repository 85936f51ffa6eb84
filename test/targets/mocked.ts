import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { deletePartition } from '../support/delete-partition.ts'
import { mockTable } from '../support/mocked-table.ts'
import type { Target } from '../support/target.ts'
import { inject } from './inject.ts'

/** The app without a server, with a mocked AWS SDK: no request leaves the process. */
export const mockedTarget: Target = {
  name: 'the app by inject, over a mocked AWS SDK',
  unsupported: {
    'authorize callers': 'inject has no authorizer',
    'carry dot segments': 'inject resolves them, as browsers do',
  },

  async start() {
    const config = readConfig({ DYNAMODB_TABLE_NAME: 'mocked-table', LOG_LEVEL: 'silent' })
    const { client, items } = mockTable()
    const app = buildApp({ client, config })
    return {
      send: (request) => inject(app, request),
      items: {
        ...createRepository(client, config.DYNAMODB_TABLE_NAME),
        forget: (id) => deletePartition(client, config.DYNAMODB_TABLE_NAME, id),
      },
      leftovers: async () => [...items.values()],
      stop: () => app.close(),
    }
  },
}
