import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'

const { injectTarget } = await import('../targets/inject.ts')
const { standaloneTarget } = await import('../targets/standalone.ts')

for (const target of [injectTarget, standaloneTarget]) {
  t.test(target.name, async (t) => specifyAnyResource(t, target))
}
