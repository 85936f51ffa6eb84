import type { FastifyInstance } from 'fastify'
import type { Repository } from './repository.ts'

/** For who runs the standalone server: `GET /health` (it lives), `GET /ready` (it can greet). */
export function addHealthRoutes(app: FastifyInstance, repository: Repository): void {
  // Neither DynamoDB nor load may fail it: a restart would cure neither.
  app.get('/health', { config: { pressureHandler: () => {} } }, async () => ({ status: 'ok' }))

  app.get('/ready', async (request) => {
    await repository.checkAccess(request.signal)
    return { status: 'ok' }
  })
}
