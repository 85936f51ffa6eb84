import t from 'tap'
import { specifyHelloApi } from '../behaviour/hello-api.ts'
import { injectTarget } from '../targets/inject.ts'

specifyHelloApi(t, injectTarget)
