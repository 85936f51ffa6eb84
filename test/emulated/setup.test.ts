import t from 'tap'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { startProcess } from '../support/start-process.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'

t.test('the set-up creates the table with sample names, and keeps existing items', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  await table.drop()
  const setUp = () =>
    startProcess(t, t.testdir(), lambdaEnvironment(table), 'local/setup.ts').ended()

  const ready = 'The table "test" is ready, with its sample names.\n'
  t.match(await setUp(), { code: 0, stdout: ready })
  t.equal(await table.repository.getName('1'), 'Ada')

  await table.repository.putName('1', 'Grace')
  t.match(await setUp(), { code: 0, stdout: ready })
  t.equal(await table.repository.getName('1'), 'Grace')
})
