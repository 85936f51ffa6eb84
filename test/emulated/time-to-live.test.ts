import t, { type Test } from 'tap'
import { type EmbeddedTable, startEmbeddedTable } from '../support/embedded-table.ts'
import { greeting } from '../support/greeting.ts'
import { restApi } from '../support/lambda-events.ts'
import { createContext, startHandler } from '../targets/lambda.ts'
import { sendOnSocket, startOn } from '../targets/standalone.ts'

const MESSAGE_DAYS = '30'
const request = greeting('1')

/** After one greeting, the table has one message, which expires after 30 days. */
async function expectExpiry(t: Test, table: EmbeddedTable, greetedAfter: number): Promise<void> {
  const [message] = await table.leftovers()
  const seconds = Number(message?.expires) - 30 * 24 * 60 * 60
  t.ok(greetedAfter <= seconds && seconds <= secondsNow())
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000)
}

t.test('the messages of the server expire after MESSAGE_DAYS', async (t) => {
  const table = await startEmbeddedTable()
  const { pool, server } = await startOn(table, { MESSAGE_DAYS })
  t.teardown(async () => {
    await pool.close()
    await server.close()
    await table.stop()
  })

  const now = secondsNow()
  await sendOnSocket(pool, request)

  await expectExpiry(t, table, now)
})

t.test('the messages of the function expire after MESSAGE_DAYS', async (t) => {
  const { handler, stop, table } = await startHandler({ MESSAGE_DAYS })
  t.teardown(stop)

  const now = secondsNow()
  await handler(restApi.createEvent(request), createContext())

  await expectExpiry(t, table, now)
})

t.test('names do not expire, and messages do not without MESSAGE_DAYS', async (t) => {
  const table = await startEmbeddedTable()
  t.teardown(table.stop)

  await table.repository.putName('1', 'Ada')
  await table.repository.putMessage('1', 'a message')

  const items = await table.leftovers()
  t.equal(items.length, 2)
  for (const item of items) t.strictSame(Object.keys(item).sort(), ['PK', 'SK', 'data'])
})
