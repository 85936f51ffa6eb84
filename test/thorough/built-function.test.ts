import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { restApi } from '../support/lambda-events.ts'
import { startBuilt } from '../targets/built-function.ts'
import { lambdaTarget } from '../targets/lambda.ts'

/** The function as it is in the image, but for its code cache. */
const started = await startBuilt(t, 'the built function')
specifyHelloApi(t, lambdaTarget(started, restApi))
