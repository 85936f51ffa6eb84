import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import * as eventSources from '../support/lambda-events.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'

const started = await startHandler()
t.teardown(started.stop)

for (const source of Object.values(eventSources)) {
  t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, lambdaTarget(started, source)))
}
