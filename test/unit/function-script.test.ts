import t, { type Test } from 'tap'
import { mapStackTraces, runFunctionScript } from '../../src/build/function-script.ts'

/** Writes a script like the bundle of the function; its second line is the third one of its source. */
function writeScript(t: Test): string {
  const folder = t.testdir({
    'function.cjs': `(function (exports, require, module) { exports.call = (act) => act()
exports.handler = require('node:os').EOL; exports.fail = () => { throw new Error('a fault') }
})`,
    'function.cjs.map': JSON.stringify({
      version: 3,
      names: [],
      sources: ['source.ts'],
      mappings: ';AAEA',
    }),
  })
  return `${folder}/function.cjs`
}

t.test('runFunctionScript returns the exports of a script', async (t) => {
  const { exports } = runFunctionScript(writeScript(t))
  t.match(exports, { handler: '\n' })
})

t.test('a script uses its code cache', async (t) => {
  const filename = writeScript(t)
  const cache = runFunctionScript(filename).script.createCachedData()

  const { exports, script } = runFunctionScript(filename, cache)

  t.equal(script.cachedDataRejected, false)
  t.match(exports, { handler: '\n' })
})

t.test('a script runs without a code cache of another V8', async (t) => {
  const { exports, script } = runFunctionScript(writeScript(t), Buffer.from('of another V8'))

  t.equal(script.cachedDataRejected, true)
  t.match(exports, { handler: '\n' })
})

t.test('a stack trace has the source of the script, and other positions unchanged', async (t) => {
  const { prepareStackTrace } = Error
  t.teardown(() => {
    Error.prepareStackTrace = prepareStackTrace
  })
  const filename = writeScript(t)
  const { exports } = runFunctionScript(filename)
  const { call, fail } = { call: (_act: () => void) => {}, fail() {}, ...exports }

  mapStackTraces(filename)
  const [message, first, second, third] = stackOf(() => call(fail))

  t.equal(message, 'Error: a fault')
  t.match(first, /^ {4}at exports\.fail \(source\.ts:3:\d+\)$/)
  t.match(second, /^ {4}at exports\.call \(.*function\.cjs:1:\d+\)$/, 'the position has no source')
  t.match(third, /^ {4}at .*function-script\.test\.ts:\d+:\d+\)?$/)
})

function stackOf(act: () => void): string[] {
  try {
    act()
  } catch (error) {
    if (error instanceof Error) return String(error.stack).split('\n')
  }
  throw new Error('it does not fail')
}
