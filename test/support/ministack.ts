import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { endWithTests } from './child.ts'
import { hostAddress } from './docker.ts'
import { startHttpProxy } from './http-proxy.ts'
import { freePort } from './listen.ts'
import { missingProgram } from './missing-program.ts'

/** Returns the reason why AWS cannot be emulated here, and the remedy; `false` if it can. */
export function noMiniStack(): Promise<string | false> {
  const what = "MiniStack, an emulator of AWS (pip install 'ministack[full]')"
  return missingProgram('ministack', '--help', what)
}

/**
 * Starts MiniStack, a third party's emulator of AWS, until the test ends. It runs functions on the
 * container engine, and enforces IAM policies.
 */
export async function startMiniStack(t: Test) {
  const host = await hostAddress()
  const port = await freePort(host)
  const region = 'eu-central-1'
  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' }
  // They override the variables of the shell.
  const account = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: undefined,
    AWS_ENDPOINT_URL_DYNAMODB: undefined,
    AWS_PROFILE: undefined,
    AWS_REGION: undefined,
    AWS_SESSION_TOKEN: undefined,
  }

  const server = endWithTests(
    spawn('ministack', {
      env: {
        ...process.env,
        ...account,
        AUTH: 'true',
        BIND_HOST: host,
        GATEWAY_PORT: String(port),
        IOT_MTLS_ENABLED: '0',
        MINISTACK_REGION: region,
        // As Lambda runs a function.
        LAMBDA_DOCKER_FLAGS: '--read-only --tmpfs /tmp',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  )
  const closed = once(server, 'close')
  async function stop(): Promise<void> {
    server.kill()
    await closed
  }
  t.teardown(stop)
  await untilRunning(server)

  const endpoint = `http://${host}:${port}`
  // The outputs of the stack have AWS's host of the API; MiniStack serves the API under a path.
  const cloudFormation = await startHttpProxy(
    t,
    { host, port },
    { rewrite: (body) => body.replace(amazonHost, `${endpoint}/_aws/execute-api/$1`) }
  )
  /** The variables that point the SAM CLI and any AWS SDK to this emulator. */
  const env = {
    ...account,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_CLOUDFORMATION: `http://127.0.0.1:${cloudFormation}`,
  }
  return { connection: { endpoint, region, credentials }, env, stop }
}

const amazonHost = /https:\/\/(\w+)\.execute-api\.[\w-]+\.amazonaws\.com/g

async function untilRunning({ stderr }: ChildProcess): Promise<void> {
  const lines: string[] = []
  if (stderr) {
    for await (const line of createInterface(stderr)) {
      lines.push(line)
      if (!line.includes('Running on')) continue
      // The server would stop at a full pipe.
      stderr.resume()
      return
    }
  }
  throw new Error(lines.join('\n'))
}
