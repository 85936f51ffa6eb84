import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation'
import { missingProgram } from './missing-program.ts'

const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' }
const region = 'eu-central-1'

/** Why AWS cannot be emulated here, and what to do about it; `false` if it can. */
export function noMoto(): Promise<string | false> {
  const moto = "moto, an emulation of AWS (pip install 'moto[server,cloudformation]')"
  return missingProgram('moto_server', '--help', moto)
}

/** Starts moto, a third party's emulation of AWS, for stacks; `stop` it in the end. */
export async function startMoto() {
  const server = spawn('moto_server', ['--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const endpoint = await printed(server, /Running on (\S+)/)
  const client = new CloudFormationClient({ endpoint, region, credentials })

  async function createStack(name: string, outputs: Record<string, string>): Promise<void> {
    const TemplateBody = JSON.stringify({
      // A stack must have a resource; this one does nothing.
      Resources: { Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' } },
      Outputs: Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }])),
    })
    await client.send(new CreateStackCommand({ StackName: name, TemplateBody }))
  }

  async function stop(): Promise<void> {
    client.destroy()
    server.kill()
    await once(server, 'close')
  }

  /** The variables by which any AWS SDK finds this emulation. */
  const env = {
    AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
  }
  return { createStack, env, stop }
}

async function printed({ stderr }: ChildProcess, pattern: RegExp): Promise<string> {
  if (stderr) {
    for await (const line of createInterface(stderr)) {
      const captured = pattern.exec(line)?.[1]
      if (captured) {
        // What nobody reads would stop the server once the pipe is full.
        stderr.resume()
        return captured
      }
    }
  }
  throw new Error('moto ended')
}
