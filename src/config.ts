import type { Static } from 'typebox'
import * as Type from 'typebox'
import * as Schema from 'typebox/schema'

/** Whether the AWS SDK can use a URL as an endpoint. It also takes others, and then sends to another host. */
export const isHttpUrl = (url: string) =>
  /^https?:\/\/[^\s"'/][^\s"']*$/i.test(url) && URL.canParse(url)
const HttpUrl = Type.Optional(Type.Refine(Type.String(), isHttpUrl))

const Config = Type.Object({
  DYNAMODB_TABLE_NAME: Type.String({ pattern: '^[a-zA-Z0-9_.-]{3,255}$' }),
  HOST: Type.String(),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535 }),
  LOG_LEVEL: Type.String({ pattern: '^(fatal|error|warn|info|debug|trace|silent)$' }),
  MESSAGE_DAYS: Type.Integer({ minimum: 0, maximum: 36_500 }),
  // The AWS SDK reads its variables itself, and meets a malformed one at the first request. A region is
  // part of a host name.
  AWS_REGION: Type.Optional(
    Type.String({ pattern: '^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$' })
  ),
  AWS_ENDPOINT_URL: HttpUrl,
  AWS_ENDPOINT_URL_DYNAMODB: HttpUrl,
  SERVICE_VERSION: Type.String({ pattern: '^[ -~]{1,128}$' }),
})

export type Config = Static<typeof Config>

const expectations: Record<keyof Config, string> = {
  DYNAMODB_TABLE_NAME: 'the name of a DynamoDB table: 3 to 255 letters, digits, "_", "-" or "."',
  HOST: 'an address or host name to listen on',
  PORT: 'a port number from 0 (any free port) to 65535',
  LOG_LEVEL: 'fatal, error, warn, info, debug, trace or silent',
  MESSAGE_DAYS: 'the days until a message may be deleted, up to 36500, or 0 (never)',
  AWS_REGION: 'the region of the table, like eu-central-1',
  AWS_ENDPOINT_URL: 'an http or https URL, like http://127.0.0.1:8000',
  AWS_ENDPOINT_URL_DYNAMODB: 'an http or https URL, like http://127.0.0.1:8000',
  SERVICE_VERSION: 'the version for the log: up to 128 characters of ASCII',
}

/** The start failed. The message is one line that names a variable and the expected value. */
export class ConfigError extends Error {
  override name = 'ConfigError'
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
    AWS_REGION: env.AWS_REGION || undefined,
    AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL || undefined,
    AWS_ENDPOINT_URL_DYNAMODB: env.AWS_ENDPOINT_URL_DYNAMODB || undefined,
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
