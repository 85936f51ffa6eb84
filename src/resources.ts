import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import { createRepository } from './hello/repository.ts'
import { hello } from './hello/route.ts'

// The build and the benchmark send one request: that of any resource will do.
export { example } from './hello/example.ts'

/** The resources that the service serves: register each here. */
export function registerResources(
  app: FastifyInstance,
  client: DynamoDBDocumentClient,
  { DYNAMODB_TABLE_NAME, MESSAGE_DAYS }: Config
): void {
  app.register(hello, { repository: createRepository(client, DYNAMODB_TABLE_NAME, MESSAGE_DAYS) })
}
