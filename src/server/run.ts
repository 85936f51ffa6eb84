import closeWithGrace from 'close-with-grace'
import type { FastifyBaseLogger } from 'fastify'
import { ConfigError } from '../config.ts'

interface Service {
  log: FastifyBaseLogger
  close(): Promise<unknown>
}

/**
 * Runs a service as this process: starts it, and closes it on SIGTERM, Ctrl-C or an uncaught error,
 * within 10 seconds. A second signal ends the process at once.
 */
export async function run(start: () => Promise<Service>): Promise<void> {
  const starting = start()
  const { close, uninstall } = closeWithGrace({ skip: ['SIGINT'] }, async ({ err, signal }) => {
    const service = await starting
    if (err) service.log.fatal(err)
    service.log.info({ signal }, 'the server shuts down')
    await service.close()
    service.log.info('the server has shut down')
  })
  onCtrlC(close)

  try {
    await starting
  } catch (error) {
    uninstall()
    console.error(error instanceof ConfigError ? error.message : error)
    process.exitCode = 1
  }
}

// close-with-grace would end the process at the second signal, and npm sends two for one Ctrl-C: it
// forwards the signal that the terminal has sent to both processes.
function onCtrlC(close: () => void): void {
  const signalsEach = process.env.npm_lifecycle_event ? 2 : 1
  let signals = 0
  process.on('SIGINT', () => {
    signals++
    if (signals === 1) close()
    if (signals > signalsEach) process.exit(130)
  })
}
