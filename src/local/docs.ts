import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import manifest from '../../package.json' with { type: 'json' }

const { name: title } = manifest

/** Generates the OpenAPI document of the API from the schemas of the routes that follow. */
export function describeApi(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title,
        description: manifest.description,
        version: manifest.version,
        license: { name: manifest.license, identifier: manifest.license },
      },
    },
  })
}

// Swagger UI has no viewport for phones, and shows dark header names on a dark background.
const theme = {
  title,
  css: [
    {
      filename: 'theme.css',
      content: `
        html.dark-mode .swagger-ui table.headers td { color: inherit }
        @media (max-width: 480px) { .swagger-ui .response-col_links { display: none } }`,
    },
  ],
  js: [
    {
      filename: 'viewport.js',
      content: `document.head.insertAdjacentHTML('beforeend',
        '<meta name="viewport" content="width=device-width">')`,
    },
  ],
}

/** Serves the documentation of the API at `/docs`, where a reader can send requests; `/` leads there. */
export function serveDocs(app: FastifyInstance): void {
  describeApi(app)
  app.register(swaggerUi, {
    routePrefix: '/docs',
    logLevel: 'warn',
    theme,
    uiConfig: { docExpansion: 'full', tryItOutEnabled: true },
  })
  app.get('/', { schema: { hide: true }, logLevel: 'warn' }, (_request, reply) =>
    reply.redirect('/docs')
  )
}
