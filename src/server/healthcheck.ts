import { get } from 'node:http'

/** The HEALTHCHECK of the image: exits with 0 if `GET /health` of this container responds with 200. */
const { HOST, PORT } = process.env

// On Linux, a connection to 0.0.0.0 is one to this machine. Node.js's own agent could use a proxy.
get({ host: HOST, port: PORT, path: '/health', agent: false }, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1)
})
