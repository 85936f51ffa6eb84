import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'
import { functionUrl, loadBalancer, multiValueLoadBalancer } from '../support/lambda-events.ts'

const { lambdaTarget, startHandler } = await import('../targets/lambda.ts')

/** The sources of events that emulated/any-resource-lambda.test.ts leaves out. */
const started = await startHandler()
t.teardown(started.stop)

for (const source of [functionUrl, loadBalancer, multiValueLoadBalancer])
  t.test(`behind ${source.name}`, async (t) => specifyAnyResource(t, lambdaTarget(started, source)))
