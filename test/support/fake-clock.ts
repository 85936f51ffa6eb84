import { mock } from 'node:test'
import type { Test } from 'tap'

/** Stops `Date` and `setTimeout` until the test ends: time passes by these functions only. */
export function stopClock(t: Test, now = Date.now()) {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now })
  t.teardown(() => mock.timers.reset())
  // It does nothing. Without it, undici creates a new timeout instead.
  Reflect.deleteProperty(Object.getPrototypeOf(setTimeout(() => {})), 'refresh')

  /** Lets time pass, with a turn of the event loop for each millisecond. */
  async function pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed++) await tick()
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
      await tick()
    }
    throw new Error('the promise is pending after two minutes')
  }
  return { pass, settles }
}

async function tick(): Promise<void> {
  mock.timers.tick(1)
  await new Promise(setImmediate)
}
