import { imageOptions, path } from './subjects.ts'
import { fire, readMemory, startServer, untilItResponds } from './warm.ts'

/** Measures the megabytes of the server after each tenth of many requests. */
export async function benchMemory(env: NodeJS.ProcessEnv, requests: number): Promise<number[]> {
  const program = [...imageOptions, path('../../dist/main.mjs')]
  const server = await startServer(program, env)
  const memory: number[] = []
  try {
    await untilItResponds(server.origin)
    for (let part = 1; part <= 10; part++) {
      await fire(server.origin, { amount: requests / 10 })
      memory.push(await readMemory(await server.pid()))
      console.error(`memory: ${(requests / 10) * part} of ${requests} requests`)
    }
    return memory
  } finally {
    await server.stop()
  }
}
