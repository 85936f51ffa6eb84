import t from 'tap'
import { specifyFaults } from '../spec/faults.ts'
import { startProcesses } from '../targets/processes.ts'

const environment = await startProcesses()
t.teardown(environment.stop)

t.test('the standalone server', async (t) => specifyFaults(t, environment, 'serve'))
t.test('the Lambda handler', async (t) => specifyFaults(t, environment, 'handle'))
