import t from 'tap'
import { specifyFaults } from '../behaviour/faults.ts'
import { buildTimeout } from '../targets/compose.ts'
import { startContainers } from '../targets/container-instances.ts'
import { noEngine } from '../targets/docker.ts'

t.setTimeout(buildTimeout)
t.test('the image', { skip: await noEngine(), timeout: buildTimeout }, async (t) => {
  const place = await startContainers()
  t.teardown(place.stop)

  t.test('as a server', async (t) => specifyFaults(t, place, 'serve'))
  t.test('as a function', async (t) => specifyFaults(t, place, 'handle'))
})
