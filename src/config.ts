/** Whether the AWS SDK can use a URL as an endpoint. It also takes others, and then sends to another host. */
export const isHttpUrl = (url: string) =>
  /^https?:\/\/[^\s"'/][^\s"']*$/i.test(url) && URL.canParse(url)

/** The service's variables. */
export interface Config {
  DYNAMODB_TABLE_NAME: string
  HOST: string
  PORT: number
  LOG_LEVEL: string
  MESSAGE_DAYS: number
  SERVICE_VERSION: string
}

interface Variable {
  /** What its value must be. */
  expected: string
  /** Its value if it is not set; empty if it has no default. */
  default: string
  isValid(value: string): boolean
}

const isInteger = (value: string, maximum: number) =>
  /^\d+$/.test(value) && Number(value) <= maximum

const endpoint: Variable = {
  expected: 'an http or https URL, like http://127.0.0.1:8000',
  default: '',
  isValid: (url) => url === '' || isHttpUrl(url),
}

// The AWS SDK reads its variables itself, and meets a malformed one at the first request.
type SDKVariable = 'AWS_REGION' | 'AWS_ENDPOINT_URL' | 'AWS_ENDPOINT_URL_DYNAMODB'

const variables: Record<keyof Config | SDKVariable, Variable> = {
  DYNAMODB_TABLE_NAME: {
    expected: 'the name of a DynamoDB table: 3 to 255 letters, digits, "_", "-" or "."',
    default: '',
    isValid: (name) => /^[a-zA-Z0-9_.-]{3,255}$/.test(name),
  },
  HOST: {
    expected: 'an address or host name to listen on',
    default: '0.0.0.0',
    isValid: () => true,
  },
  PORT: {
    expected: 'a port number from 0 (any free port) to 65535',
    default: '3000',
    isValid: (port) => isInteger(port, 65_535),
  },
  LOG_LEVEL: {
    expected: 'fatal, error, warn, info, debug, trace or silent',
    default: 'info',
    isValid: (level) => /^(fatal|error|warn|info|debug|trace|silent)$/.test(level),
  },
  MESSAGE_DAYS: {
    expected: 'the days until a message may be deleted, up to 36500, or 0 (never)',
    default: '0',
    isValid: (days) => isInteger(days, 36_500),
  },
  AWS_REGION: {
    expected: 'the region of the table, like eu-central-1',
    default: '',
    // It is part of a host name.
    isValid: (region) => region === '' || /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(region),
  },
  AWS_ENDPOINT_URL: endpoint,
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  SERVICE_VERSION: {
    expected: 'the version for the log: up to 128 characters of ASCII',
    default: 'dev',
    isValid: (version) => /^[ -~]{1,128}$/.test(version),
  },
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
  const read = (name: keyof Config) => env[name] || variables[name].default
  const lines = Object.entries(variables)
    .filter(([name, variable]) => !variable.isValid(env[name] || variable.default))
    .map(([name, { expected }]) => `${name} must be ${expected}; it is ${describe(env[name])}.`)
  if (lines.length > 0) throw new ConfigError(lines.join(' '))
  return {
    DYNAMODB_TABLE_NAME: read('DYNAMODB_TABLE_NAME'),
    HOST: read('HOST'),
    PORT: Number(read('PORT')),
    LOG_LEVEL: read('LOG_LEVEL'),
    MESSAGE_DAYS: Number(read('MESSAGE_DAYS')),
    SERVICE_VERSION: read('SERVICE_VERSION'),
  }
}

function describe(value: string | undefined): string {
  return value ? JSON.stringify(value) : 'not set'
}
