import { SingleBar } from 'cli-progress'
import { imageOptions, path } from './subjects.ts'
import { fire, readMemory, startServer, untilItResponds } from './warm.ts'

/** Measures the megabytes of the server after each tenth of many requests. */
export async function benchMemory(env: NodeJS.ProcessEnv, requests: number): Promise<number[]> {
  const program = [...imageOptions, path('../../dist/main.mjs')]
  const server = await startServer(program, env)
  const bar = new SingleBar({ format: 'memory               {bar} {value}/{total} requests' })
  bar.start(requests, 0)
  const memory: number[] = []
  try {
    await untilItResponds(server.origin)
    for (let part = 0; part < 10; part++) {
      await fire(server.origin, { amount: requests / 10 })
      memory.push(await readMemory(await server.pid()))
      bar.increment(requests / 10)
    }
    return memory
  } finally {
    bar.stop()
    await server.stop()
  }
}
