import { createRequire } from 'node:module'
import t from 'tap'
import { specifyAnyResource } from '../spec/any-resource.ts'
import { httpApi, loadBalancer, restApi } from '../support/lambda-events.ts'
import { useNotes } from '../support/use-notes.ts'
import { lambdaTarget, startHandler } from '../targets/lambda.ts'

const { buildFunction } = await import('../../src/build/build-function.ts')
const { buildPlainFunction } = await import('../../src/build/bundle.ts')
const require = createRequire(import.meta.url)

// The image has the former, development the latter: a resource is the same in both.
const builds = [
  ['the built function', buildFunction, [restApi, httpApi, loadBalancer]],
  ['the function built with --plain', buildPlainFunction, [restApi]],
] as const
for (const [name, build, sources] of builds) {
  t.test(name, async (t) => {
    const folder = t.testdir()
    await build('src/lambda/handler.ts', folder, [useNotes])
    const started = await startHandler({}, () => require(`${folder}/lambda.cjs`).handler)
    t.teardown(started.stop)

    for (const source of sources)
      t.test(`behind ${source.name}`, async (t) =>
        specifyAnyResource(t, lambdaTarget(started, source))
      )
  })
}
