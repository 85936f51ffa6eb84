import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import findMyWay, { type HTTPMethod } from 'find-my-way'
import { sendProblem } from './problem.ts'

/**
 * Responds to a request that has no route: with 405 and the methods of its path, or with 404 if the path
 * has none. It responds in onRequest, before Fastify would read a body.
 */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  // Fastify's router, with Fastify's options: Fastify does not say which methods a path has.
  const router = findMyWay(app.initialConfig.routerOptions)
  const methods = new Set<HTTPMethod>()
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat().filter(isMethod)) {
      methods.add(each)
      if (!router.hasRoute(each, url)) router.on(each, url, () => {})
    }
  })

  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return
    const { url = '' } = request.raw
    const allowed = [...methods].filter((method) => router.find(method, url)).sort()
    if (allowed.length === 0) return sendProblem(request, reply, 404, 'Route not found.')
    const allow = allowed.join(', ')
    reply.header('allow', allow)
    return sendProblem(request, reply, 405, `Method not allowed. Use ${allow}.`)
  })
  // For handlers that call `reply.callNotFound()`.
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, 404, 'Route not found.'))
}

// The router's types do not have all methods of Node.js.
function isMethod(method: string): method is HTTPMethod {
  return METHODS.includes(method)
}
