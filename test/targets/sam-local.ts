import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Pool } from 'undici'
import { endWithTests } from '../support/child.ts'
import type { Compose } from '../support/compose.ts'
import { freePort } from '../support/listen.ts'
import { buildStack, root } from '../support/sam.ts'
import { requestsAtOnce, type Target } from '../support/target.ts'
import { sendOnSocket } from './standalone.ts'

/** The stack that `sam build` builds, served by `sam local start-api`, over DynamoDB Local. */
export function samLocalTarget(compose: Compose, folder: string): Target {
  return {
    name: 'sam local start-api, over DynamoDB Local',
    unsupported: {
      'carry encoded slashes': 'SAM decodes the path',
      'carry encoded reserved characters': 'SAM decodes the path',
      'freeze the clock': 'it uses the clock of the machine',
      'pass on unknown routes': 'SAM responds to it, as API Gateway does',
    },

    async start() {
      const template = await buildStack(folder, {
        tag: 'function:root',
        // SAM copies its emulator into the image as the image's user, which has no permission there.
        dockerfile: (image) => `FROM ${image}\nUSER root\n`,
        // SAM passes on only the variables of the template.
        variables: {
          AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb:8000',
          DYNAMODB_TABLE_NAME: compose.tableName,
        },
      })
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

async function serve(template: string, network: string) {
  const port = await freePort()
  const options = ['--port', String(port), '--docker-network', network, '--skip-pull-image']
  const server = endWithTests(
    spawn(
      'sam',
      // Without it, each request would start a container, which takes a second.
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
