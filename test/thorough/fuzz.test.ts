import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { endWithTests } from '../support/child.ts'
import { missingProgram } from '../support/missing-program.ts'
import { origin, startProcess } from '../support/start-process.ts'

const schemathesis = 'schemathesis, which tests APIs by their document (pip install schemathesis)'
const skip = await missingProgram('schemathesis', '--version', schemathesis)

t.test('Schemathesis finds no failure', { skip }, async (t) => {
  const folder = t.testdir()
  const { stdout } = await startProcess(t, folder, {}, 'cli/openapi.ts').ended()
  await writeFile(`${folder}/openapi.json`, stdout)
  const url = await startProcess(t, folder).printed(origin)

  const bounds = ['--max-examples', '50', '--request-timeout', '5']
  const run = promisify(execFile)(
    'schemathesis',
    ['run', 'openapi.json', '--url', url, '--checks', 'all', '--no-color', ...bounds],
    { cwd: folder }
  )
  endWithTests(run.child)
  const found = await run.then(
    () => 'nothing',
    // Its output, with the seed; or the reason why it did not run.
    (error) => error.stdout || error
  )

  t.equal(found, 'nothing')
})
