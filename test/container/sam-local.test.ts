import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { buildTimeout, startCompose } from '../support/compose.ts'
import { noEngine } from '../support/docker.ts'
import { noSam } from '../support/sam.ts'
import { samLocalTarget } from '../targets/sam-local.ts'

const skip = (await noEngine()) || (await noSam())

t.setTimeout(buildTimeout)
t.test('the stack, served by SAM', { skip, timeout: buildTimeout }, async (t) => {
  const compose = await startCompose()
  t.teardown(compose.down)

  t.test('serves HTTP', async (t) => specifyHelloApi(t, samLocalTarget(compose, t.testdir())))
})
