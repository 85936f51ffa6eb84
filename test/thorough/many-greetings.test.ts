import { createRequire } from 'node:module'
import t from 'tap'
import { buildFunction } from '../../src/build/build-function.ts'
import { buildPlainFunction } from '../../src/build/bundle.ts'
import { specifyManyGreetings } from '../spec/many-greetings.ts'
import * as eventSources from '../support/lambda-events.ts'
import { loadBalancer, restApi } from '../support/lambda-events.ts'
import { injectTarget } from '../targets/inject.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'
import { standaloneTarget } from '../targets/standalone.ts'

const require = createRequire(import.meta.url)

for (const target of [injectTarget, standaloneTarget])
  t.test(target.name, async (t) => specifyManyGreetings(t, target))

const builds = [
  ['the built function', buildFunction, [restApi, loadBalancer]],
  ['the function built with --plain', buildPlainFunction, [restApi]],
] as const
for (const [name, build, sources] of builds)
  t.test(name, async (t) => {
    const folder = t.testdir()
    await build('src/lambda/handler.ts', folder)
    const started = await startHandler({}, () => require(`${folder}/lambda.cjs`).handler)
    t.teardown(started.stop)
    for (const source of sources) specifyManyGreetings(t, lambdaTarget(started, source))
  })

t.test('the Lambda handler', async (t) => {
  const started = await startHandler()
  t.teardown(started.stop)
  for (const source of Object.values(eventSources))
    t.test(`behind ${source.name}`, async (t) =>
      specifyManyGreetings(t, lambdaTarget(started, source))
    )
})
