import t from 'tap'
import { specifyFaults } from '../spec/faults.ts'
import { buildTimeout } from '../support/compose.ts'
import { noEngine } from '../support/docker.ts'
import { startContainers } from '../targets/container-instances.ts'

t.setTimeout(buildTimeout)
t.test('the image', { skip: await noEngine(), timeout: buildTimeout }, async (t) => {
  const environment = await startContainers()
  t.teardown(environment.stop)

  t.test('as a server', async (t) => specifyFaults(t, environment, 'serve'))
  t.test('as a function', async (t) => specifyFaults(t, environment, 'handle'))
})
