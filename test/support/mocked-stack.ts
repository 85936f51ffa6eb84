import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { mockClient } from 'aws-sdk-client-mock'
import type { Test } from 'tap'

/** Mocks CloudFormation with one stack, named hello, until the test ends. */
export function mockStack(t: Test, outputs?: Record<string, string>): void {
  const stack = {
    StackName: 'hello',
    CreationTime: new Date(),
    StackStatus: 'CREATE_COMPLETE' as const,
    ...(outputs && {
      Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({
        OutputKey,
        OutputValue,
      })),
    }),
  }
  const mock = mockClient(CloudFormationClient)
  t.teardown(() => mock.restore())
  mock.on(DescribeStacksCommand, { StackName: 'hello' }).resolves({ Stacks: [stack] })
}

/** Mocks CloudFormation so that each request fails, until the test ends. */
export function mockFailure(t: Test, failure: unknown): void {
  const mock = mockClient(CloudFormationClient)
  t.teardown(() => mock.restore())
  mock.on(DescribeStacksCommand).callsFake(() => {
    throw failure
  })
}
