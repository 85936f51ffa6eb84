import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import swagger from '@fastify/swagger'
import { fastify } from 'fastify'
import manifest from '../../package.json' with { type: 'json' }
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { createRepository } from '../hello/repository.ts'
import { addHelloRoute } from '../hello/route.ts'
import { lineWriter, whileOutputWorks } from './output.ts'

/** Prints the OpenAPI document of the API, which is generated from the schema of the route. */
const app = fastify({
  // The service has its own check of ids; this app receives no requests.
  ajv: { customOptions: { formats: { 'partition-key': true } } },
})
await app.register(swagger, {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Hello, DynamoDB',
      description: manifest.description,
      version: manifest.version,
      license: { name: manifest.license, identifier: manifest.license },
    },
  },
})
// Not the whole app: it has further routes, which refuse other methods and paths.
addHelloRoute(app, createRepository(DynamoDBDocumentClient.from(createDynamoDBClient()), 'none'))
await app.ready()

const print = lineWriter(process.stdout)
process.exitCode = await whileOutputWorks(async () => {
  await print(JSON.stringify(app.swagger(), undefined, 2))
  return 0
}, process.stderr)
