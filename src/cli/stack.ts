import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ConfigError } from '../config.ts'
import { isSdkError } from '../dynamodb/failure.ts'
import { patience } from '../dynamodb/patience.ts'
import { firstLine, refuseSettingsOf } from '../dynamodb/refuse-settings.ts'

const regionVariable = 'AWS_DEFAULT_REGION'

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
  const client = new CloudFormationClient({ region: region || undefined, ...patience })
  refuseSettingsOf(client, regionVariable)
  try {
    const outputs = await describe(client, name)
    const found = await client.config.region()
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

async function describe(client: CloudFormationClient, name: string) {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }))
    return Stacks.flatMap(({ Outputs = [] }) => Outputs)
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message))
      throw new ConfigError(
        `The stack must be one that is deployed; there is no "${name}" in this account and ${await client.config.region()}.`
      )
    if (isSdkError(error))
      throw new ConfigError(`The stack ${name} cannot be read: ${firstLine(String(error))}`)
    throw error
  }
}
