const tick = 10

/**
 * Starts a stopwatch; the function that it returns stops it, and returns the milliseconds. It counts
 * ticks of this process, so it stands still while other work keeps the process from running.
 */
export function startStopwatch(): () => number {
  let ticks = 0
  const timer = setInterval(() => ticks++, tick).unref()
  return () => {
    clearInterval(timer)
    return ticks * tick
  }
}
