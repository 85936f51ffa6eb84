import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { endWithTests } from './child.ts'
import { docker } from './docker.ts'
import { startHttpProxy } from './http-proxy.ts'
import { buildStack } from './sam.ts'

/** Builds the stack for MiniStack into a folder; the image is removed after the test. */
export async function buildForMiniStack(t: Test, folder: string) {
  const image = `stack-test:${randomUUID()}`
  const dockerfile = (base: string) => startByEmulator(base, image)
  const template = await buildStack(folder, { tag: image, dockerfile })
  const id = await docker('images', '--quiet', image)
  // By its id: this removes SAM's own tag as well.
  t.teardown(async () => docker('rmi', '--force', id))
  return { image, template }
}

/** Returns a Dockerfile that adds AWS's emulator of Lambda to an image, as MiniStack requires. */
async function startByEmulator(image: string, tag: string): Promise<string> {
  const format = '{{json .Config.Entrypoint}}'
  const entrypoint: string[] = JSON.parse(await docker('inspect', '--format', format, image))
  return `
FROM public.ecr.aws/lambda/provided:al2023 AS emulator
FROM ${image}
COPY --from=emulator /usr/local/bin/aws-lambda-rie /usr/local/bin/
# Lambda runs a function as another user than that of the image.
USER 993:990
ENTRYPOINT ${JSON.stringify(['aws-lambda-rie', ...entrypoint])}
# A unique image for each test, so that its removal does not affect others.
LABEL test=${tag}
`
}

/** Returns a function that runs the SAM CLI in a folder, and presses Enter at each prompt. */
export async function samRunner(t: Test, folder: string, env: NodeJS.ProcessEnv) {
  const engine = await startEngineWithoutRegistry(t)

  return async (...args: string[]) => {
    const child = endWithTests(
      spawn('sam', args, {
        cwd: folder,
        env: { ...process.env, ...env, DOCKER_HOST: engine, SAM_CLI_TELEMETRY: '0' },
      })
    )
    child.stdin.end('\n'.repeat(100))
    const closed = once(child, 'close')
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [code] = await closed
    return { code, output: stdout + stderr }
  }
}

/**
 * Starts a proxy of the container engine for SAM, until the test ends; returns its address. It responds to
 * logins and pushes itself: there is no Amazon ECR, and MiniStack runs the image on the same engine.
 */
async function startEngineWithoutRegistry(t: Test): Promise<string> {
  const { protocol, hostname, pathname, port } = new URL(
    process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
  )
  const engine = protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port }
  const isForRegistry = /^\/v[\d.]+\/(auth|images\/.+\/push)(\?|$)/
  const proxy = await startHttpProxy(t, engine, {
    respond: ({ url = '' }) => (isForRegistry.test(url) ? '{}' : undefined),
  })
  return `tcp://127.0.0.1:${proxy}`
}
