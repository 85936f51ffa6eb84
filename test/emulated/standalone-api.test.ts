import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { standaloneTarget } from '../targets/standalone.ts'

specifyHelloApi(t, standaloneTarget)
