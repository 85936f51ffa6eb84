import type { Test } from 'tap'

/** The AWS SDK's variables for a machine without settings, files and a metadata service of AWS. */
export const noAwsSettings = {
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_PROFILE: '',
  AWS_REGION: '',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
}

/** Sets variables of this process until the test ends. */
export function setVariables(t: Test, variables: NodeJS.ProcessEnv): void {
  const names = Object.keys(variables)
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]))
  t.teardown(() => restoreVariables(before))
  restoreVariables(variables)
}

/** Sets variables back to what they were, which may be nothing. */
function restoreVariables(variables: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

/** Variables of a machine, and a file that they name, any of which keeps the AWS SDK from working. */
export function uselessSettings(t: Test): NodeJS.ProcessEnv {
  const config = `
    [profile test]
    region = "eu central"
    endpoint_url = localhost:8000
    use_fips_endpoint = true
    use_dualstack_endpoint = true
    services = test
    credential_process = exit 1
    [services test]
    dynamodb =
      endpoint_url = ftp://localhost
    [broken`.replace(/^ {4}/gm, '')
  const none = 'http://127.0.0.1:1'
  return {
    AWS_CONFIG_FILE: `${t.testdir({ config })}/config`,
    AWS_SHARED_CREDENTIALS_FILE: '/no/such/file',
    AWS_PROFILE: 'test',
    AWS_REGION: '"eu-central-1"',
    AWS_ACCESS_KEY_ID: 'key\n',
    AWS_SECRET_ACCESS_KEY: 'secret\n',
    AWS_SESSION_TOKEN: '\n',
    AWS_ENDPOINT_URL: 'localhost:8000',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
    AWS_DEFAULTS_MODE: 'none',
    AWS_RETRY_MODE: 'none',
    AWS_MAX_ATTEMPTS: 'none',
    AWS_ACCOUNT_ID_ENDPOINT_MODE: 'none',
    AWS_AUTH_SCHEME_PREFERENCE: 'none',
    AWS_SDK_UA_APP_ID: 'an application',
    AWS_EC2_METADATA_DISABLED: 'none',
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: none,
    http_proxy: none,
    NO_PROXY: undefined,
    no_proxy: undefined,
  }
}
