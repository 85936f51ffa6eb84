import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { describeApi } from '../local/docs.ts'
import { lineWriter, whileOutputWorks } from './output.ts'

/** Prints the OpenAPI document of the API, which is generated from the schemas of the routes. */
const app = buildApp({
  client: DynamoDBDocumentClient.from(createDynamoDBClient()),
  config: readConfig({ DYNAMODB_TABLE_NAME: 'none', LOG_LEVEL: 'silent' }),
  beforeResources: describeApi,
})
await app.ready()

const print = lineWriter(process.stdout)
process.exitCode = await whileOutputWorks(async () => {
  await print(JSON.stringify(app.swagger(), undefined, 2))
  return 0
}, process.stderr)
