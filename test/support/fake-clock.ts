import { mock } from 'node:test'
import type { Test } from 'tap'

/** Stops `Date` and `setTimeout` until the test ends: time passes by these functions only. */
export function stopClock(t: Test, now = Date.now()) {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now })
  t.teardown(() => mock.timers.reset())
  // It does nothing. Without it, undici creates a new timeout instead.
  Reflect.deleteProperty(Object.getPrototypeOf(setTimeout(() => {})), 'refresh')

  /** Lets seconds pass, with ten turns of the event loop in each. */
  async function pass(seconds: number): Promise<void> {
    for (let turns = 0; turns < seconds * 10; turns++) await tick(100)
  }

  /** Lets time pass until a promise settles, up to two minutes; returns the milliseconds. */
  async function settles(promise: Promise<unknown>): Promise<number> {
    let isPending = true
    const settle = () => {
      isPending = false
    }
    promise.then(settle, settle)
    for (let milliseconds = 0; milliseconds <= 120_000; milliseconds++) {
      if (!isPending) return milliseconds
      await tick(1)
    }
    throw new Error('the promise is pending after two minutes')
  }
  return { pass, settles }
}

async function tick(milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds)
  await new Promise(setImmediate)
}
