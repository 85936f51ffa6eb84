import type { Static } from 'typebox'
import * as Type from 'typebox'
import * as Schema from 'typebox/schema'

// The AWS SDK reads its own variables: AWS_REGION, the credentials, AWS_ENDPOINT_URL_DYNAMODB.
const Config = Type.Object({
  DYNAMODB_TABLE_NAME: Type.String({ pattern: '^[a-zA-Z0-9_.-]{3,255}$' }),
  HOST: Type.String(),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535 }),
  LOG_LEVEL: Type.String({ pattern: '^(fatal|error|warn|info|debug|trace|silent)$' }),
  MESSAGE_DAYS: Type.Integer({ minimum: 0, maximum: 36_500 }),
  SERVICE_VERSION: Type.String({ pattern: '^[ -~]{1,128}$' }),
})

export type Config = Static<typeof Config>

const expectations: Record<keyof Config, string> = {
  DYNAMODB_TABLE_NAME: 'the name of a DynamoDB table: 3 to 255 letters, digits, "_", "-" or "."',
  HOST: 'an address or host name to listen on',
  PORT: 'a port number from 0 (any free port) to 65535',
  LOG_LEVEL: 'fatal, error, warn, info, debug, trace or silent',
  MESSAGE_DAYS: 'the days until a message may be deleted, up to 36500, or 0 (never)',
  SERVICE_VERSION: 'the version for the log: up to 128 characters of ASCII',
}

/** The start failed. The message is one line that names a variable and the expected value. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Throws a ConfigError in place of the AWS SDK's error about missing credentials.
 *
 * @throws {ConfigError}
 */
export function refuseMissingCredentials(error: unknown): void {
  if (error instanceof Error && error.name === 'CredentialsProviderError')
    throw new ConfigError(
      'AWS credentials must be where the AWS SDK finds them, like AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; there are none.'
    )
}

/**
 * Reads and validates the service's variables. An empty variable counts as not set, since compose files
 * and CI systems pass on unset variables that way.
 *
 * @throws {ConfigError} that names the missing and malformed variables
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const config: unknown = {
    DYNAMODB_TABLE_NAME: env.DYNAMODB_TABLE_NAME || undefined,
    HOST: env.HOST || '0.0.0.0',
    PORT: number(env.PORT || '3000'),
    LOG_LEVEL: env.LOG_LEVEL || 'info',
    MESSAGE_DAYS: number(env.MESSAGE_DAYS || '0'),
    SERVICE_VERSION: env.SERVICE_VERSION || 'dev',
  }
  if (Schema.Check(Config, config)) return config

  const [, errors] = Schema.Errors(Config, config)
  const wrong = errors.map((error) => error.instancePath)
  const lines = Object.entries(expectations)
    .filter(([name]) => wrong.includes(`/${name}`))
    .map(([name, what]) => `${name} must be ${what}; it is ${describe(env[name])}.`)
  throw new ConfigError(lines.join(' '))
}

// TypeBox's conversion would accept '0x10', '3000.5' and 'true' as integers.
function number(value: string): number | string {
  return /^\d+$/.test(value) ? Number(value) : value
}

function describe(value: string | undefined): string {
  return value ? JSON.stringify(value) : 'not set'
}
