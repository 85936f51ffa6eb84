import t from 'tap'
import { specifyHelloApi } from '../behaviour/hello-api.ts'
import { lambdaTarget } from '../targets/lambda.ts'
import { loadBalancerWithMultiValueHeaders } from '../targets/lambda-events.ts'

specifyHelloApi(t, lambdaTarget(loadBalancerWithMultiValueHeaders))
