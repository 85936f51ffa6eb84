import t from 'tap'
import { specifyAnyResource } from '../spec/any-resource.ts'
import { httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import { useNotes } from '../support/use-notes.ts'

const { startBuilt } = await import('../targets/built-function.ts')
const { lambdaTarget } = await import('../targets/lambda.ts')

/** What thorough/any-resource-built.test.ts leaves out. */
t.test('the built function', async (t) => {
  const started = await startBuilt(t, 'the built function', [useNotes])
  for (const source of [httpApi, loadBalancer])
    t.test(`behind ${source.name}`, async (t) =>
      specifyAnyResource(t, lambdaTarget(started, source))
    )
})

t.test('the function built with --plain', async (t) => {
  const started = await startBuilt(t, 'the function built with --plain', [useNotes])
  specifyAnyResource(t, lambdaTarget(started, restApi))
})
