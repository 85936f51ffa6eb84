import type { Test } from 'tap'
import { request } from 'undici'
import { lambdaEnvironment } from '../targets/lambda.ts'
import type { EmbeddedTable } from './embedded-table.ts'
import { greeting, messageFor, seedPerson } from './greeting.ts'
import { origin, startProcess } from './start-process.ts'
import { TestData } from './test-data.ts'

/** Starts the server as a process, as the image does, over an embedded table. */
export async function startServerProcess(
  t: Test,
  table: EmbeddedTable,
  variables: NodeJS.ProcessEnv,
  program = 'main.ts'
) {
  const data = new TestData(table.repository)
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1', ...variables }
  const { ended, kill, printed } = startProcess(t, t.testdir(), env, program)
  const url = await printed(origin)

  /** Greets a person, and checks the message. */
  async function greet(t: Test): Promise<void> {
    const person = await seedPerson(t, data)
    const { body } = await request(`${url}${greeting(person.id).path}`)
    t.equal(await body.text(), messageFor(person))
  }

  /** Ends the process. */
  async function stop() {
    kill('SIGTERM')
    return ended()
  }
  return { greet, stop }
}
