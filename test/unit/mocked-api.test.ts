import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { mockedTarget } from '../targets/mocked.ts'

specifyHelloApi(t, mockedTarget)
