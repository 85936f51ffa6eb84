import { spawnSync } from 'node:child_process'
import t from 'tap'

t.test('a start that fails for an unknown reason prints the error with its stack', async (t) => {
  const script = `
    import { run } from ${JSON.stringify(new URL('../../src/server/run.ts', import.meta.url))}
    await run(async () => { throw new TypeError('a fault') })`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { encoding: 'utf8' }
  )

  t.equal(status, 1)
  t.match(stderr, /^TypeError: a fault\n {4}at /)
})
