import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { specifyManyGreetings } from '../spec/many-greetings.ts'
import { mockedTarget } from '../targets/mocked.ts'

specifyHelloApi(t, mockedTarget)
specifyManyGreetings(t, mockedTarget)
