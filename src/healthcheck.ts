import { get } from 'node:http'

/** The image's HEALTHCHECK: ends with 0 if the server of this container says that it is well. */
const { HOST, PORT } = process.env

// On Linux, a connection to 0.0.0.0 is one to this machine.
get({ host: HOST, port: PORT, path: '/health' }, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1)
})
