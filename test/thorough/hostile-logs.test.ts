import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Pool } from 'undici'
import { startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting, seedPerson } from '../support/greeting.ts'
import { hostileText } from '../support/hostile-text.ts'
import { exchange } from '../support/raw-http.ts'
import { origin, startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'
import { lambdaEnvironment } from '../targets/lambda.ts'
import { sendOnSocket } from '../targets/standalone.ts'

const secret = 'a-secret-of-the-client'
const secrets = {
  Authorization: `Bearer ${secret}`,
  Cookie: `session=${secret}`,
  'X-Api-Key': secret,
  'X-Amzn-Trace-Id': `Root=${secret}`,
  traceparent: `00-${secret}`,
}
const name = 'a-name-that-is-not-for-the-log'

t.test('each log line is a JSON object without secrets', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)
  const data = new TestData(table.repository)
  const env = { ...lambdaEnvironment(table), LOG_LEVEL: 'info', HOST: '127.0.0.1' }
  const { printed } = startProcess(t, t.testdir(), env, 'main.ts')
  const url = await printed(origin)
  await printed(/(the server has started)/)
  const pool = new Pool(url)
  t.teardown(() => pool.close())

  /** Waits for the last log line of a request; returns the lines since the previous call. */
  async function log(requestId = '', last = ''): Promise<unknown[]> {
    await printed(new RegExp(`(${requestId}".*"msg":"${last}"}\n)`))
    const output = await printed(/^([\s\S]*)$/)
    const lines = output.slice(read).trimEnd().split('\n')
    read = output.length
    return lines.map((line) => {
      // A parser's error would contain the bytes of the request.
      assert.doesNotMatch(line, new RegExp(`${secret}|${name}|Buffer`))
      const { level, msg, timestamp, ...rest } = JSON.parse(line)
      assert.equal(new Date(timestamp).toJSON(), timestamp)
      return { level, msg, requestId: rest.requestId }
    })
  }
  let read = (await printed(/^([\s\S]*)$/)).length

  await t.test('the log lines of a greeting, with any id', async (t) => {
    const property = fc.asyncProperty(hostileText, fc.boolean(), async (suffix, isKnown) => {
      const { id } = isKnown
        ? await seedPerson(t, data, { name, suffix })
        : { id: data.newId(t, suffix) }

      const { headers } = await sendOnSocket(pool, greeting(id, secrets))

      const requestId = headers['x-request-id']
      assert.deepEqual(await log(requestId, 'request completed'), [
        { level: 'INFO', msg: 'request completed', requestId },
      ])
    })
    await fc.assert(property, { numRuns: 100 })
  })

  await t.test('the log lines of a rejected request, with any path', async (t) => {
    const property = fc.asyncProperty(hostileText, async (text) => {
      const path = `/${data.newId(t)}${text}?token=${secret}`.replace(
        /[^\x21-\x7e]/gu,
        encodeURIComponent
      )

      const { headers } = await sendOnSocket(pool, { method: 'POST', path, headers: secrets })

      const requestId = headers['x-request-id']
      assert.deepEqual(await log(requestId, 'request completed'), [
        { level: 'INFO', msg: 'request completed', requestId },
      ])
    })
    await fc.assert(property, { numRuns: 100 })
  })

  await t.test('the log line of a request that is not HTTP', async () => {
    const lines = Object.entries(secrets).map((header) => header.join(': '))
    const property = fc.asyncProperty(hostileText, async (text) => {
      const bytes = Buffer.from(['NONSENSE / HTTP/1.1', ...lines, text, '', ''].join('\r\n'))

      const [response] = await exchange(url, bytes)

      const requestId = response?.headers['x-request-id']
      assert.deepEqual(await log(requestId, 'invalid HTTP request'), [
        { level: 'INFO', msg: 'invalid HTTP request', requestId },
      ])
    })
    await fc.assert(property, { numRuns: 100 })
  })
})
