import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { endWithTests } from './child.ts'
import { root } from './sam.ts'

/** Runs `npm run test:cloud` with variables. */
export function runCloudSuite(t: Test, env: NodeJS.ProcessEnv) {
  // In a folder of its own, since two runs of tap in one folder write the same files.
  const links = ['node_modules', 'package.json', 'src', 'template.yaml', 'test']
  const folder = t.testdir(
    Object.fromEntries(links.map((name) => [name, t.fixture('symlink', root + name)]))
  )
  const child = endWithTests(
    spawn('npm', ['run', 'test:cloud', '--silent'], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of processes of its own, as in a terminal.
      detached: true,
    })
  )
  const output = text(child.stdout)
  const closed = once(child, 'close')
  async function ended() {
    const [code] = await closed
    return { code, output: await output }
  }
  const interrupt = () => process.kill(-(child.pid ?? 0), 'SIGINT')
  return { ended, interrupt }
}
