import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { lineWriter, whileOutputWorks } from '../../src/cli/output.ts'

/** Runs a tool that prints a line to an output that fails; returns its code and its errors. */
async function printInto(error: Error) {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(error) })
  const stderr = new PassThrough()
  const print = lineWriter(stdout)
  const code = await whileOutputWorks(async () => {
    await print('a line')
    return 0
  }, stderr)
  return { code, errors: await text(stderr.end()) }
}

t.test('a tool prints lines', async (t) => {
  const stdout = new PassThrough()
  const print = lineWriter(stdout)

  t.equal(await whileOutputWorks(() => print('a line').then(() => 0), new PassThrough()), 0)

  t.equal(await text(stdout.end()), 'a line\n')
})

t.test('a tool ends quietly when the reader of its output is gone', async (t) => {
  const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  t.strictSame(await printInto(error), { code: 141, errors: '' })
})

t.test('a tool whose output cannot be written ends with 2 and one line', async (t) => {
  const errors = 'The output cannot be written: no space.\n'
  t.strictSame(await printInto(new Error('no space')), { code: 2, errors })
})

t.test('another error of a tool passes', async (t) => {
  const fails = () => Promise.reject(new Error('a fault'))
  await t.rejects(whileOutputWorks(fails, new PassThrough()), { message: 'a fault' })
})
