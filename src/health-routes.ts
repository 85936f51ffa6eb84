import type { FastifyInstance } from 'fastify'
import type { Repository } from './repository.ts'

/** For who runs the standalone server: `GET /health` (it lives), `GET /ready` (it can greet). */
export function addHealthRoutes(app: FastifyInstance, repository: Repository): void {
  // They are asked every few seconds; what goes well there is no news.
  const logLevel = 'warn'

  // Neither DynamoDB nor load may fail it: a restart would cure neither.
  const config = { exemptFromLimit: true }
  app.get('/health', { logLevel, config }, async () => ({ status: 'ok' }))

  app.get('/ready', { logLevel }, async (request) => {
    await repository.checkAccess(request.signal)
    return { status: 'ok' }
  })
}
