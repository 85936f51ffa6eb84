import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'

const { mockedTarget } = await import('../targets/mocked.ts')

specifyAnyResource(t, mockedTarget)
