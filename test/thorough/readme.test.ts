import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { endpoint, origin, startProcess } from '../support/start-process.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

t.test('the commands of the README greet, store a name and print a history', async (t) => {
  const readme = await readFile(`${root}/README.md`, 'utf8')
  const commands =
    readme.match(/^(curl http:\/\/127|npm run --silent names -- (?!--stack)).*$/gm) ?? []
  const { printed } = startProcess(t, t.testdir())
  const address = await printed(origin)
  // The table of the embedded start is on the port after PORT.
  const PORT = String(Number(new URL(await printed(endpoint)).port) - 1)
  const env = { ...process.env, PORT }

  const outputs: string[] = []
  for (const command of commands) {
    const line = command.replace('http://127.0.0.1:3000', address)
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root, env })
    outputs.push(stdout)
  }

  const stored = await fetch(`${address}/hello/4`)
  outputs.push(await stored.text())

  t.match(outputs, [/^Hello Ada!$/, /^$/, /Hello Ada!\n$/, /^Hello Dorothy!$/])
  t.equal(outputs.length, 4)
})
