import { server } from './subjects.ts'
import { fire, readMemory, startServer, untilItResponds } from './warm.ts'

/** Measures the megabytes of the server after each tenth of many requests. */
export async function benchMemory(env: NodeJS.ProcessEnv, requests: number): Promise<number[]> {
  const running = await startServer(server, env)
  const memory: number[] = []
  try {
    await untilItResponds(running.origin)
    for (let part = 1; part <= 10; part++) {
      await fire(running.origin, { amount: requests / 10 })
      memory.push(await readMemory(await running.pid()))
      console.error(`memory: ${(requests / 10) * part} of ${requests} requests`)
    }
    return memory
  } finally {
    await running.stop()
  }
}
