import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Pool } from 'undici'
import { yamlDump, yamlParse } from 'yaml-cfn'
import type { Compose } from './compose.ts'
import { docker } from './docker.ts'
import { listenOnFreePort } from './listen.ts'
import { missingProgram } from './missing-program.ts'
import { sendOnSocket } from './standalone.ts'
import { requestsAtOnce, type Target } from './target.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Why SAM cannot be tested here, and what to do about it; `false` if it can. */
export function noSam(): Promise<string | false> {
  return missingProgram('sam', '--version', 'the SAM CLI (pip install aws-sam-cli)')
}

/** The stack as `sam build` makes it and `sam local start-api` serves it, over DynamoDB Local. */
export function samLocalTarget(compose: Compose, folder: string): Target {
  return {
    name: 'sam local start-api, over DynamoDB Local',
    lacks: {
      'carry encoded slashes': 'SAM decodes the path',
      'carry encoded reserved characters': 'SAM decodes the path',
      'freeze the clock': 'it runs on the clock of the machine',
      'pass on what is no greeting': 'SAM answers it, as API Gateway does',
    },

    async start() {
      const template = await build(folder)
      const server = await serve(template, compose.network)
      const pool = new Pool(server.origin, { connections: requestsAtOnce })
      return {
        send: (request) => sendOnSocket(pool, request),
        items: compose.repository,
        leftovers: compose.leftovers,
        async stop() {
          await pool.close()
          await server.stop()
        },
      }
    },
  }
}

/** Builds the stack; returns its template, with a function that calls DynamoDB Local. */
async function build(folder: string): Promise<string> {
  await run('sam', ['build', '--use-buildkit', '--build-dir', folder], { cwd: root })
  const path = `${folder}/template.yaml`
  const template = yamlParse(await readFile(path, 'utf8'))
  const { ImageUri } = template.Resources.Function.Properties
  // SAM puts its emulator into the image as the image's user, who may not write there.
  await writeFile(`${folder}/Dockerfile`, `FROM ${ImageUri}\nUSER root\n`)
  template.Resources.Function.Properties.ImageUri = 'function:root'
  await docker('build', '--quiet', '--tag', 'function:root', folder)
  // SAM hands on no variables but those of the template.
  Object.assign(template.Resources.Function.Properties.Environment.Variables, {
    AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb:8000',
    DYNAMODB_TABLE_NAME: 'hello',
  })
  await writeFile(path, yamlDump(template))
  return path
}

async function serve(template: string, network: string) {
  const port = await freePort()
  const options = ['--port', String(port), '--docker-network', network, '--skip-pull-image']
  const server = spawn(
    'sam',
    // A container for each request would take a second for each.
    ['local', 'start-api', '--template', template, ...options, '--warm-containers', 'EAGER'],
    {
      cwd: root,
      env: {
        ...process.env,
        AWS_DEFAULT_REGION: 'local',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    }
  )
  const closed = once(server, 'close')
  const running = new Promise<void>((resolve, reject) => {
    let output = ''
    server.stderr.setEncoding('utf8').on('data', (text) => {
      output += text
      if (output.includes(`Running on http://127.0.0.1:${port}`)) resolve()
    })
    closed.then(() => reject(new Error(output)))
  })
  await running

  async function stop(): Promise<void> {
    server.kill('SIGINT')
    await closed
  }
  return { origin: `http://127.0.0.1:${port}`, stop }
}

/** A port that is free now; SAM cannot choose one. */
async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenOnFreePort(server)
  server.close()
  await once(server, 'close')
  return port
}
