import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const bench = new URL('../bench/', import.meta.url)

t.test('SCALE.md has the output of the simulation', async (t) => {
  const page = await readFile(new URL('SCALE.md', bench), 'utf8')
  const scale = fileURLToPath(new URL('scale.ts', bench))

  const { stdout } = await promisify(execFile)(process.execPath, [scale])

  t.ok(page.includes(`$ npm run --silent scale\n${stdout}\`\`\``))
})
