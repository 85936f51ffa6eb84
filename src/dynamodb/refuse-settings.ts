import type { DynamoDBClientResolvedConfig } from '@aws-sdk/client-dynamodb'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import type { MiddlewareStack } from '@smithy/types'
import { ConfigError, isHttpUrl } from '../config.ts'
import { isSdkError } from './failure.ts'

/**
 * Throws a ConfigError in place of an error that the settings of the AWS SDK cause: its variables, its
 * files, and the credentials that these lead to. The message has the SDK's own reason.
 *
 * @param regionVariable the variable to set, where there is no region
 * @throws {ConfigError}
 */
export async function refuseSettings(error: unknown, regionVariable = 'AWS_REGION'): Promise<void> {
  if (error instanceof ConfigError) throw error
  if (!(error instanceof Error) || error.name === 'AbortError') return
  // Node.js's HTTP client and undici reject a header.
  if ('code' in error && /^(ERR_INVALID_CHAR|UND_ERR_INVALID_ARG)$/.test(`${error.code}`))
    throw new ConfigError(
      'AWS credentials must be free of line breaks and other characters that an HTTP header cannot have.'
    )
  // An attempt to send the request was made: the settings are valid.
  if (isSdkError(error)) return

  const reason = firstLine(error.message)
  if (reason.startsWith('Region ')) {
    const isMissing = /^Region is missing|region=""/.test(reason)
    const what = isMissing ? 'it is not set.' : `the AWS SDK says: ${reason}`
    throw new ConfigError(
      `${regionVariable} must be the region of the table, like eu-central-1; ${what}`
    )
  }
  if (error.name === 'CredentialsProviderError')
    throw new ConfigError(
      `AWS credentials must be where the AWS SDK finds them, like AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; there are none: ${await explain(reason)}`
    )
  throw new ConfigError(`The variables and files of the AWS SDK must be valid; it says: ${reason}`)
}

/** Makes the requests of a client fail as `refuseSettings` and `refuseEndpoint` do. */
export function refuseSettingsOf<Input extends object, Output extends object>(
  client: ConfiguredClient & { middlewareStack: MiddlewareStack<Input, Output> },
  regionVariable?: string
): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        await refuseEndpoint(client)
        return await next(args)
      } catch (error) {
        await refuseSettings(error, regionVariable)
        throw error
      }
    },
    // Around what reads the settings.
    { step: 'initialize', priority: 'high' }
  )
}

type ConfiguredClient = { config: Pick<DynamoDBClientResolvedConfig, 'serviceConfiguredEndpoint'> }

/**
 * Throws a ConfigError if the endpoint in the SDK's settings is no URL.
 *
 * @throws {ConfigError}
 */
export async function refuseEndpoint({ config }: ConfiguredClient): Promise<void> {
  const endpoint = await config.serviceConfiguredEndpoint?.()
  if (endpoint && !isHttpUrl(endpoint))
    throw new ConfigError(
      `AWS_ENDPOINT_URL, or endpoint_url in the AWS configuration, must be an http or https URL; it is ${JSON.stringify(endpoint)}.`
    )
}

/** The first line of an error's text: the others can quote credentials, or a program's output. */
export function firstLine(text: string): string {
  return text.replace(/[\r\n].*/s, '').replace(/[.:\s]*$/, '.')
}

// If several sources of credentials fail, the SDK throws a summary, and logs the reasons.
async function explain(summary: string): Promise<string> {
  const reasons = new Set<string>()
  const ignore = () => {}
  const debug = (line: string) => {
    const [, reason] = /^@smithy\/property-provider (?:->|\(!\)) (.*)/.exec(line) ?? []
    if (reason && !/\bskipping\b|from any providers/i.test(reason)) reasons.add(firstLine(reason))
  }
  const logger = { debug, info: ignore, warn: ignore, error: ignore }
  await defaultProvider({ logger })().catch(ignore)
  return [...reasons].join(' ') || summary
}
