import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { endWithTests } from '../support/child.ts'

const program = fileURLToPath(new URL('../stress/stress.ts', import.meta.url))

t.test('a short stress run reports no broken promise', async (t) => {
  const child = endWithTests(spawn(process.execPath, [program, '--seconds', '10']))
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])

  t.equal(code, 0, output + errors)
  t.match(output, /^lost +0 +0 +0 +0$/m)
  t.match(output, /^duplicated +0 +0 +0 +0$/m)
})
