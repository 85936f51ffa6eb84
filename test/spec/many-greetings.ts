import { mock } from 'node:test'
import type { Test } from 'tap'
import { greeting, messageFor, seedPerson } from '../support/greeting.ts'
import type { Target } from '../support/target.ts'
import { TestData } from '../support/test-data.ts'

/** The promise that concurrent greetings are recorded once each, on targets whose clock can be frozen. */
export function specifyManyGreetings(t: Test, target: Target): void {
  t.test(
    '1,000 concurrent greetings of one id in one millisecond record 1,000 messages',
    async (t) => {
      const api = await target.start()
      t.teardown(api.stop)
      const data = new TestData(api.items)
      const person = await seedPerson(t, data)
      mock.timers.enable({ apis: ['Date'], now: Date.now() })
      t.teardown(() => mock.timers.reset())

      const requests = Array.from({ length: 1000 }, () => api.send(greeting(person.id)))
      const responses = await Promise.all(requests)

      t.ok(responses.every(({ body }) => body === messageFor(person)))
      t.equal((await data.history(person.id)).length, 1000)
    }
  )
}
