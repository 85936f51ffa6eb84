import t from 'tap'
import { specifyHelloApi } from '../behaviour/hello-api.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'
import * as eventSources from '../targets/lambda-events.ts'

const started = await startHandler()
t.teardown(started.stop)

for (const source of Object.values(eventSources)) {
  t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, lambdaTarget(started, source)))
}
