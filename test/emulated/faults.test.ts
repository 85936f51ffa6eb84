import t from 'tap'
import { specifyFaults } from '../spec/faults.ts'
import { startProcesses } from '../targets/processes.ts'

const place = await startProcesses()
t.teardown(place.stop)

t.test('the standalone server', async (t) => specifyFaults(t, place, 'serve'))
t.test('the Lambda handler', async (t) => specifyFaults(t, place, 'handle'))
