import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { formatPart, type Results } from '../../bench/report.ts'

const bench = new URL('../../bench/', import.meta.url)

t.test('the README quotes what the benchmark has measured last', async (t) => {
  const readme = await readFile(new URL('../README.md', bench), 'utf8')
  const { machine, memory, parts }: Results = JSON.parse(
    await readFile(new URL('results/results.json', bench), 'utf8')
  )

  t.ok(readme.includes(machine))
  t.ok(readme.includes(`\n${memory?.join(', ')}\n`))
  t.ok(Object.keys(parts).length > 5)
  for (const [name, part] of Object.entries(parts))
    t.ok(readme.includes(`\n${formatPart(part)}\n`), name)
})

t.test('the page on scale quotes what the simulation prints', async (t) => {
  const page = await readFile(new URL('SCALE.md', bench), 'utf8')
  const scale = fileURLToPath(new URL('scale.ts', bench))

  const { stdout } = await promisify(execFile)(process.execPath, [scale])

  t.ok(page.includes(`$ npm run --silent scale\n${stdout}\`\`\``))
})
