import { spawnSync } from 'node:child_process'
import t from 'tap'

const check = new URL('../../src/local/require-node.cjs', import.meta.url).pathname

t.test('the Node.js that runs these tests is accepted', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, [check], { encoding: 'utf8' })
  t.equal(status, 0)
  t.equal(stderr, '')
})

t.test('an older Node.js is rejected with one line', async (t) => {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' })`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--eval', `${pretend}; require(${JSON.stringify(check)})`],
    { encoding: 'utf8' }
  )
  t.equal(status, 1)
  t.match(
    stderr,
    /^This project needs Node\.js 24 or newer, and Node\.js 20\.20\.2 is running\. .*\n$/
  )
})
