import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { getContainerRuntimeClient } from 'testcontainers'
import { endWithTests } from './child.ts'
import { isFree } from './listen.ts'

/** Runs a command of Docker; returns its output. Throws if the command fails. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args)
  return stdout.trim()
}

/**
 * Runs a container of the image. Compose labels the image with the project that has built it last, and
 * would take the container for one of that project.
 */
export function runContainer(...args: string[]): Promise<string> {
  return docker('run', '--label', 'com.docker.compose.project=', ...args)
}

/** Waits until a line of a container's standard output matches; returns the captured text. */
export async function untilLogged(container: string, pattern: RegExp): Promise<string> {
  const logs = endWithTests(spawn('docker', ['logs', '--follow', container]))
  try {
    for await (const line of createInterface(logs.stdout)) {
      const [match, captured = match] = pattern.exec(line) ?? []
      if (captured !== undefined) return captured
    }
  } finally {
    logs.kill()
  }
  throw new Error(
    `the container ended without a line that matches ${pattern}: ${await docker('logs', container)}`
  )
}

/** Returns the reason why no containers can be tested here, and the remedy; `false` if they can. */
export async function noEngine(): Promise<string | false> {
  try {
    await docker('info')
    await docker('compose', 'version')
  } catch (error) {
    return `it requires a container engine: start Docker, with Compose (${reasonOf(error)})`
  }
  return (await remoteEngine()) || (await missingImage())
}

/** docker-compose.yml publishes ports on 127.0.0.1 of the engine's machine, and containers call the tests. */
async function remoteEngine(): Promise<string | false> {
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime
  // A server can listen on the addresses of its machine only.
  return (
    !(await isFree(0, host)) &&
    `it requires a container engine of this machine: its host is ${host}`
  )
}

/** An image that the Dockerfile or docker-compose.yml names, and that is neither here nor can be pulled. */
async function missingImage(): Promise<string | false> {
  const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')
  const files = (await read('Dockerfile')) + (await read('docker-compose.yml'))
  for (const [, image = ''] of files.matchAll(/^(?:FROM| *image:) (\S+[/:]\S+)/gm)) {
    try {
      await docker('image', 'inspect', image).catch(() => docker('pull', '--quiet', image))
    } catch (error) {
      return `it requires the image ${image}, which is not here and cannot be pulled (${reasonOf(error)})`
    }
  }
  return false
}

function reasonOf(error: unknown): unknown {
  const [, reason = error] = /\n(.*)/.exec(String(error)) ?? []
  return reason
}

/**
 * Returns the address of this machine on the default network of containers. Containers can reach it, other
 * machines cannot. (With Docker Desktop, this machine does not have it.)
 */
export async function hostAddress(): Promise<string> {
  const format = '{{with index .IPAM.Config 0}}{{or .Gateway .Subnet}}{{end}}'
  const gateway = await docker('network', 'inspect', '--format', format, 'bridge')
  // Docker does not name the gateway of its default network until it was restarted.
  return gateway.replace(/\.0\/\d+$/, '.1')
}
