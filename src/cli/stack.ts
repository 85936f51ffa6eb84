import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ConfigError, refuseMissingCredentials } from '../config.ts'

/** The outputs of a deployed stack, and its region. */
export interface Stack {
  /** The URL of a greeting, with `{id}` in place of the id. */
  endpoint: string
  tableName: string
  region: string
}

/**
 * Finds a stack by its name.
 *
 * @param region by default, that of the AWS SDK
 * @throws {ConfigError} when the region or the credentials are missing, or the stack or one of its
 * outputs does not exist
 */
export async function findStack(name: string, region?: string): Promise<Stack> {
  const client = new CloudFormationClient({ region: region || undefined })
  try {
    const found = await findRegion(client)
    const outputs = await describe(client, name, found)
    const output = (key: string) => {
      const value = outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue
      if (value) return value
      throw new ConfigError(
        `The stack ${name} has no output ${key}: it must be made of template.yaml.`
      )
    }
    return {
      endpoint: output('HelloPersonApi'),
      tableName: output('DynamoDBTableName'),
      region: found,
    }
  } finally {
    client.destroy()
  }
}

async function findRegion(client: CloudFormationClient): Promise<string> {
  return client.config.region().catch(() => {
    throw new ConfigError(
      'AWS_DEFAULT_REGION must be the region of the stack, like eu-central-1; it is not set.'
    )
  })
}

async function describe(client: CloudFormationClient, name: string, region: string) {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }))
    return Stacks.flatMap(({ Outputs = [] }) => Outputs)
  } catch (error) {
    refuseMissingCredentials(error)
    if (error instanceof Error && /does not exist/.test(error.message))
      throw new ConfigError(
        `The stack must be one that is deployed; there is no "${name}" in this account and ${region}.`
      )
    throw error
  }
}
