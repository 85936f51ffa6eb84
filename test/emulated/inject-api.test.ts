import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { injectTarget } from '../targets/inject.ts'

specifyHelloApi(t, injectTarget)
