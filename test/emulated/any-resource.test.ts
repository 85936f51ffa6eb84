import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'
import * as eventSources from '../support/lambda-events.ts'

const { injectTarget } = await import('../targets/inject.ts')
const { lambdaTarget, startHandler } = await import('../targets/lambda.ts')
const { standaloneTarget } = await import('../targets/standalone.ts')

const started = await startHandler()
t.teardown(started.stop)

const lambdaTargets = Object.values(eventSources).map((source) => lambdaTarget(started, source))
for (const target of [injectTarget, standaloneTarget, ...lambdaTargets]) {
  t.test(target.name, async (t) => specifyAnyResource(t, target))
}
