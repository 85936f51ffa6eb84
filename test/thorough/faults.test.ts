import t from 'tap'
import { specifyFaults } from '../spec/faults.ts'
import { startProcesses } from '../targets/processes.ts'

const environment = await startProcesses()
t.teardown(environment.stop)

specifyFaults(t, environment, 'serve')
