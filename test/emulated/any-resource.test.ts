import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'

const { standaloneTarget } = await import('../targets/standalone.ts')

specifyAnyResource(t, standaloneTarget)
