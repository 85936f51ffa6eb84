import type { FastifyPluginAsync } from 'fastify'

/** Handlers that ignore `request.deadline`. */
export const stuckRoutes: FastifyPluginAsync = async (app) => {
  app.get('/stuck/promise', () => new Promise(() => {}))

  // It sends its response, but later than the deadline.
  app.put('/stuck/callback', (request, reply) => {
    request.deadline.addEventListener('abort', () => {
      setImmediate(() => reply.send('late'))
    })
  })
}
