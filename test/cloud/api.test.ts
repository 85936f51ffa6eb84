import t from 'tap'
import { findStack } from '../../src/cli/stack.ts'
import { ConfigError } from '../../src/config.ts'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { deployedStack, stackOnMiniStack } from '../targets/stack.ts'

// Only test/container/stack.test.ts sets AWS_EMULATOR.
const { AWS_DEFAULT_REGION, AWS_EMULATOR, AWS_SAM_STACK_NAME } = process.env

try {
  if (!AWS_SAM_STACK_NAME)
    throw new ConfigError('AWS_SAM_STACK_NAME must be the name of a deployed stack; it is not set.')
  const stack = await findStack(AWS_SAM_STACK_NAME, AWS_DEFAULT_REGION)
  specifyHelloApi(t, AWS_EMULATOR === 'MiniStack' ? stackOnMiniStack(stack) : deployedStack(stack))
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  t.bailout(error.message)
}
