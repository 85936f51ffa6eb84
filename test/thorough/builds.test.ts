import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { specifyManyGreetings } from '../spec/many-greetings.ts'
import { loadBalancer, restApi } from '../support/lambda-events.ts'
import { startBuilt } from '../targets/built-function.ts'
import { lambdaTarget } from '../targets/lambda.ts'

/** What thorough/built-function.test.ts leaves out. */
t.test('the built function', async (t) => {
  const started = await startBuilt(t, 'the built function')
  t.test('behind a load balancer', async (t) =>
    specifyHelloApi(t, lambdaTarget(started, loadBalancer))
  )
  for (const source of [restApi, loadBalancer])
    specifyManyGreetings(t, lambdaTarget(started, source))
})

t.test('the function built with --plain', async (t) => {
  const started = await startBuilt(t, 'the function built with --plain')
  t.test('behind a REST API', async (t) => specifyHelloApi(t, lambdaTarget(started, restApi)))
  specifyManyGreetings(t, lambdaTarget(started, restApi))
})
