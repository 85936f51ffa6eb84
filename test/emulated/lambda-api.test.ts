import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'

const started = await startHandler()
t.teardown(started.stop)

// One source for each format of events; thorough/events.test.ts has the others.
for (const source of [restApi, httpApi, loadBalancer]) {
  t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, lambdaTarget(started, source)))
}
