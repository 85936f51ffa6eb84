import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import swagger from '@fastify/swagger'
import manifest from '../../package.json' with { type: 'json' }
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { lineWriter, whileOutputWorks } from './output.ts'

/** Prints the OpenAPI document of the API, which is generated from the schemas of the routes. */
const app = buildApp({
  client: DynamoDBDocumentClient.from(createDynamoDBClient()),
  config: readConfig({ DYNAMODB_TABLE_NAME: 'none', LOG_LEVEL: 'silent' }),
  beforeResources(app) {
    app.register(swagger, {
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
  },
})
await app.ready()

const print = lineWriter(process.stdout)
process.exitCode = await whileOutputWorks(async () => {
  await print(JSON.stringify(app.swagger(), undefined, 2))
  return 0
}, process.stderr)
