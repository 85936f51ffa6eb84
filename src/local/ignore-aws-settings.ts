import { devNull } from 'node:os'

/**
 * Makes this process ignore the settings that a machine has for AWS, and its proxy: what runs on a
 * database of this machine needs none of them, and any of them could keep it from running. Call it
 * before the first client is created.
 */
export function ignoreAwsSettings(): void {
  const { env } = process
  for (const name of Object.keys(env)) if (name.startsWith('AWS_')) delete env[name]
  env.AWS_CONFIG_FILE = devNull
  env.AWS_SHARED_CREDENTIALS_FILE = devNull
  env.no_proxy = '*'
}
