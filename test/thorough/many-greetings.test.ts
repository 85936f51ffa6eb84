import t from 'tap'
import { specifyManyGreetings } from '../spec/many-greetings.ts'
import * as eventSources from '../support/lambda-events.ts'
import { injectTarget } from '../targets/inject.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'
import { standaloneTarget } from '../targets/standalone.ts'

const started = await startHandler()
t.teardown(started.stop)

const lambdaTargets = Object.values(eventSources).map((source) => lambdaTarget(started, source))
for (const target of [injectTarget, standaloneTarget, ...lambdaTargets])
  t.test(target.name, async (t) => specifyManyGreetings(t, target))
