import t from 'tap'
import { ConfigError } from '../../src/config.ts'
import { findStack } from '../../src/tools/stack.ts'
import { specifyHelloApi } from '../behaviour/hello-api.ts'
import { stackTarget } from '../targets/stack.ts'

const { AWS_DEFAULT_REGION, AWS_SAM_STACK_NAME } = process.env

try {
  if (!AWS_SAM_STACK_NAME)
    throw new ConfigError('AWS_SAM_STACK_NAME must be the name of a deployed stack; it is not set.')
  specifyHelloApi(t, stackTarget(await findStack(AWS_SAM_STACK_NAME, AWS_DEFAULT_REGION)))
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  t.bailout(error.message)
}
