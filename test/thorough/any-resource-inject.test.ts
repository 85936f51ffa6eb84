import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'

const { injectTarget } = await import('../targets/inject.ts')

// In npm test, unit/any-resource.test.ts injects requests, with a mocked AWS SDK.
specifyAnyResource(t, injectTarget)
