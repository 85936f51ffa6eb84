import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { missingProgram } from '../support/missing-program.ts'
import { endpoint, startProcess } from '../support/start-process.ts'

const skip = await missingProgram('aws', '--version', 'the AWS CLI (pip install awscli)')

t.test('the AWS CLI prints the table by the command of the README', { skip }, async (t) => {
  const readme = await readFile(new URL('../../src/local/README.md', import.meta.url), 'utf8')
  const command = /^AWS_ACCESS_KEY_ID=(.*\\\n)*.*/m.exec(readme)?.[0] ?? ''
  const address = await startProcess(t, t.testdir()).printed(endpoint)

  const line = command.replace('http://127.0.0.1:3001', address)
  const { stdout } = await promisify(execFile)('sh', ['-c', line])

  const { Items } = JSON.parse(stdout)
  t.equal(Items.length, 3)
  t.match(
    Items.find(({ PK }: { PK: { S: string } }) => PK.S === '1'),
    { SK: { S: 'NAME#' }, data: { S: 'Ada' } }
  )
})
