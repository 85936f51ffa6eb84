import t from 'tap'
import { specifyHelloApi } from '../behaviour/hello-api.ts'
import { mockedTarget } from '../targets/mocked.ts'

specifyHelloApi(t, mockedTarget)
