import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { endpoint, origin, startProcess } from '../support/start-process.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Starts the service as `npm start` does, and returns what runs commands of a README against it. */
async function startService(t: Test, folder: string) {
  const { printed } = startProcess(t, folder)
  const address = await printed(origin)
  // The table of the embedded start is on the port after PORT.
  const PORT = String(Number(new URL(await printed(endpoint)).port) - 1)
  const env = { ...process.env, PORT }

  async function run(command: string): Promise<string> {
    const line = command.replace('http://127.0.0.1:3000', address)
    return (await promisify(execFile)('sh', ['-c', line], { cwd: root, env })).stdout
  }
  return { address, run }
}

async function commandsOf(readme: string, pattern: RegExp): Promise<string[]> {
  return (await readFile(`${root}/${readme}`, 'utf8')).match(pattern) ?? []
}

t.test('the commands of the README greet, store a name and print a history', async (t) => {
  const pattern = /^(curl http:\/\/127|npm run --silent names -- (?!--stack)).*$/gm
  const commands = await commandsOf('README.md', pattern)
  const { address, run } = await startService(t, t.testdir())

  const outputs: string[] = []
  for (const command of commands) outputs.push(await run(command))
  const stored = await fetch(`${address}/hello/4`)
  outputs.push(await stored.text())

  t.match(outputs, [/^Hello Ada!$/, /^$/, /Hello Ada!\n$/, /^Hello Dorothy!$/])
  t.equal(outputs.length, 4)
})

t.test('the commands of the names tool store, print, import and delete', async (t) => {
  const folder = t.testdir({ 'names.csv': 'id,name\n8,Karen\n' })
  const commands = await commandsOf('src/cli/README.md', /^npm run --silent names -- .*$/gm)
  const { address, run } = await startService(t, folder)
  await fetch(`${address}/hello/1`)

  const outputs: string[] = []
  for (const command of commands) {
    const [line = ''] = command
      .replace('<file.csv>', `${folder}/names.csv`)
      .replace('<name>', 'Ada')
      .split('#')
    outputs.push(await run(`${line.replace('<id>', '1')}${line.includes('forget') ? '--yes' : ''}`))
  }

  const forgotten = await fetch(`${address}/hello/1`)
  outputs.push(`${forgotten.status}`)

  t.match(outputs, [/^$/, /^Ada\n$/, /1 name written/, /Hello Ada!\n$/, /^$/, /^404$/])
  t.equal(outputs.length, 6)
})
