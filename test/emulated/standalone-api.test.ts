import t from 'tap'
import { specifyHelloApi } from '../behaviour/hello-api.ts'
import { standaloneTarget } from '../targets/standalone.ts'

specifyHelloApi(t, standaloneTarget)
