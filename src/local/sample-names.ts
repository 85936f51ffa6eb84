import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createRepository } from '../hello/repository.ts'

/** The table of `npm start`. */
export const embeddedTableName = 'hello'

const sampleNames = { 1: 'Ada', 2: 'Grace', 3: 'Katherine' }

/** Stores the sample names, each unless its id has a name. */
export async function putSampleNames(client: DynamoDBDocumentClient, tableName: string) {
  const repository = createRepository(client, tableName)
  for (const [id, name] of Object.entries(sampleNames)) {
    if ((await repository.getName(id)) === undefined) await repository.putName(id, name)
  }
}

/** The lines of `npm start` that show what to try. */
export const examples = (origin: string) => `
    in a browser      ${origin}/docs
    a greeting        ${origin}/hello/1
    without a name    ${origin}/hello/unknown
    store a name      npm run names -- set 4 Dorothy
    read a history    npm run names -- history 1`
