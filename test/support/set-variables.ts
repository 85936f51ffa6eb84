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
export function restoreVariables(variables: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}
