import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { functionUrl, loadBalancer, multiValueLoadBalancer } from '../support/lambda-events.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'

/** The sources of events that emulated/lambda-api.test.ts leaves out. */
const started = await startHandler()
t.teardown(started.stop)

for (const source of [functionUrl, loadBalancer, multiValueLoadBalancer])
  t.test(`behind ${source.name}`, async (t) => specifyHelloApi(t, lambdaTarget(started, source)))
