import { mock } from 'node:test'
import { CloudFormationClient, type DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import type { Test } from 'tap'

/** Mocks CloudFormation with one stack, named hello, until the test ends. */
export function mockStack(t: Test, outputs?: Record<string, string>): void {
  const Outputs =
    outputs &&
    Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }))
  mockSend(t, async ({ input }) => {
    t.strictSame(input, { StackName: 'hello' })
    return { Stacks: [{ StackName: 'hello', ...(Outputs && { Outputs }) }] }
  })
}

/** Mocks CloudFormation so that each request fails, until the test ends. */
export function mockFailure(t: Test, failure: unknown): void {
  mockSend(t, async () => {
    throw failure
  })
}

function mockSend(t: Test, send: (command: DescribeStacksCommand) => Promise<object>): void {
  const { mock: mocked } = mock.method(CloudFormationClient.prototype, 'send', send)
  t.teardown(() => mocked.restore())
}
