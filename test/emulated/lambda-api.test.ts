import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { httpApi, restApi } from '../support/lambda-events.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'

const started = await startHandler()
t.teardown(started.stop)

// Both payload formats; thorough/events.test.ts has the other sources.
for (const source of [restApi, httpApi]) {
  t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, lambdaTarget(started, source)))
}
