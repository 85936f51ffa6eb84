import type { FastifyInstance } from 'fastify'
import { ConfigError, isHttpUrl } from '../config.ts'

/**
 * Loads OpenTelemetry if one of its variables has an endpoint: only what has one is exported.
 *
 * @param version of the service, for what is exported
 * @throws {ConfigError} when an endpoint is not a URL
 */
export async function loadTelemetry(
  app: FastifyInstance,
  version: string,
  env: NodeJS.ProcessEnv
): Promise<void> {
  const common = hasEndpoint(env, 'OTEL_EXPORTER_OTLP_ENDPOINT')
  const traces = hasEndpoint(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || common
  const metrics = hasEndpoint(env, 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') || common
  const isDisabled = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true'
  if (isDisabled || !(traces || metrics)) return
  const { startTelemetry } = await import('./telemetry.ts')
  startTelemetry(app, version, { traces, metrics })
}

// OpenTelemetry would export to its default instead, which is this machine.
function hasEndpoint(env: NodeJS.ProcessEnv, name: string): boolean {
  const value = env[name]
  if (value && !isHttpUrl(value))
    throw new ConfigError(`${name} must be an http or https URL; it is ${JSON.stringify(value)}.`)
  return Boolean(value)
}
