import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'

/** Bytes that are not UTF-8. */
export const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff])

/** Routes that notes do not need, and others may. */
export const otherRoutes: FastifyPluginAsync = async (app) => {
  // Handlers that ignore `request.deadline`.
  app.get('/stuck/promise', () => new Promise(() => {}))
  const preHandler = async ({ deadline }: FastifyRequest) => void (await once(deadline, 'abort'))
  app.get('/stuck/hook', { preHandler }, () => new Promise(() => {}))
  app.put('/stuck/callback', (request, reply) => {
    request.deadline.addEventListener('abort', () => {
      setImmediate(() => reply.send('late'))
    })
  })

  // Responses that are not text, that have no end, or that take longer than the deadline.
  app.get('/bytes', async (_request, reply) => reply.type('image/png').send(bytes))
  app.get('/endless', async (_request, reply) => reply.send(Readable.from(endless())))
  app.get('/slow', async (request, reply) => reply.send(Readable.from(slow(request.deadline))))
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(65_536)
}

async function* slow(deadline: AbortSignal): AsyncGenerator<string> {
  yield 'begin'
  await once(deadline, 'abort')
  yield 'end'
}
