import t from 'tap'
import { specifyRepository } from '../behaviour/repository.ts'
import { startEmbeddedTable } from '../targets/embedded-table.ts'

specifyRepository(t, {
  name: 'the embedded DynamoDB',
  lacks: { 'measure keys in bytes': 'dynalite measures keys in characters' },
  start: startEmbeddedTable,
})
