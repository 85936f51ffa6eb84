import t from 'tap'
import { specifyRepository } from '../behaviour/repository.ts'
import { startEmbeddedTable } from '../targets/embedded-table.ts'

specifyRepository(t, startEmbeddedTable)
