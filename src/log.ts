import { type DestinationStream, type LoggerOptions, pino } from 'pino'
import type { Config } from './config.ts'

/**
 * The options of the log. Levels and timestamps have the form that Lambda's log-level filter reads. (AWS
 * Lambda Developer Guide, "Log-level filtering")
 */
export function loggerOptions({ LOG_LEVEL, SERVICE_VERSION }: Config): LoggerOptions {
  return {
    level: LOG_LEVEL,
    base: { version: SERVICE_VERSION },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    serializers: { err: describeError },
  }
}

/** Without the fields of an error: those of the AWS SDK's may be items of the table. */
function describeError(error: Error) {
  const { type, message, stack } = pino.stdSerializers.err(error)
  return { type, message, stack }
}

/**
 * Writes log lines to standard output, at once, so that no line is lost when the process ends. What cannot
 * be written, since a disk is full or a reader is late, is kept and written later, up to a megabyte. When
 * the reader has gone, it is dropped. None of these makes a request fail or keeps the process from ending.
 */
export function createLogDestination(options?: DestinationOptions): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: 2 ** 20, ...options })
  let retry: NodeJS.Timeout | undefined
  // Without a listener, the error would be thrown.
  destination.on('error', () => {
    retry ??= setTimeout(() => destination.write(''), 100).unref()
    retry.refresh()
  })
  // Not the destination itself: pino would flush it after a fatal error, and try without an end.
  return { write: (line) => destination.write(line) }
}

interface DestinationOptions {
  /** A file descriptor. */
  dest?: number
  /** Whether to wait for a reader that is late. */
  retryEAGAIN?: () => boolean
}
