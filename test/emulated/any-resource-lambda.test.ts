import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'
import * as eventSources from '../support/lambda-events.ts'

const { lambdaTarget, startHandler } = await import('../targets/lambda.ts')

const started = await startHandler()
t.teardown(started.stop)

for (const source of Object.values(eventSources)) {
  t.test(`behind ${source.name}`, async (t) => specifyAnyResource(t, lambdaTarget(started, source)))
}
