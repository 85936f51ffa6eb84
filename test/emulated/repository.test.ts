import t from 'tap'
import { specifyRepository } from '../spec/repository.ts'
import { startEmbeddedTable } from '../support/embedded-table.ts'

specifyRepository(t, {
  name: 'the embedded DynamoDB',
  unsupported: { 'measure keys in bytes': 'dynalite measures keys in characters' },
  start: startEmbeddedTable,
})
