import t from 'tap'
import { specifyAnyResource } from '../spec/any-resource.ts'
import { restApi } from '../support/lambda-events.ts'
import { useNotes } from '../support/use-notes.ts'

const { startBuilt } = await import('../targets/built-function.ts')
const { lambdaTarget } = await import('../targets/lambda.ts')

const started = await startBuilt(t, 'the built function', [useNotes])
specifyAnyResource(t, lambdaTarget(started, restApi))
