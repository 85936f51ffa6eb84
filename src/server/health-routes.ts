import type { FastifyInstance } from 'fastify'
import type { Repository } from '../hello/repository.ts'

/** Liveness and readiness probes of the server: `GET /health` and `GET /ready`. */
export function addHealthRoutes(app: FastifyInstance, repository: Repository): void {
  // Successful probes are not logged.
  const logLevel = 'warn'

  // Independent of DynamoDB and of the load: a restart would help with neither.
  const config = { exemptFromLimit: true }
  app.get('/health', { logLevel, config }, async () => ({ status: 'ok' }))

  app.get('/ready', { logLevel }, async (request) => {
    await repository.checkAccess(request.signal)
    return { status: 'ok' }
  })
}
