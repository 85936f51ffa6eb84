import { createRequire } from 'node:module'
import t from 'tap'
import { buildFunction } from '../../src/build/build-function.ts'
import { buildPlainFunction } from '../../src/build/bundle.ts'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { type EventSource, loadBalancer, restApi } from '../support/lambda-events.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'

/** The function as it is in the image, but for its code cache. */
const require = createRequire(import.meta.url)

const builds: [name: string, build: typeof buildPlainFunction, sources: EventSource[]][] = [
  ['the built function', buildFunction, [restApi, loadBalancer]],
  ['the function built with --plain', buildPlainFunction, [restApi]],
]
for (const [name, build, sources] of builds) {
  t.test(name, async (t) => {
    const folder = t.testdir()
    await build('src/lambda/handler.ts', folder)
    const started = await startHandler({}, () => require(`${folder}/lambda.cjs`).handler)
    t.teardown(started.stop)

    for (const source of sources)
      t.test(`behind ${source.name}`, async (t) =>
        specifyHelloApi(t, lambdaTarget(started, source))
      )
  })
}
