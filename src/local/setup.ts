import { readConfig } from '../config.ts'
import { createDynamoDBClient } from '../dynamodb/client.ts'
import { patience } from '../dynamodb/patience.ts'
import { prepareTable } from './prepare-table.ts'

/** Prepares the table of docker-compose.yml. */
const { DYNAMODB_TABLE_NAME } = readConfig(process.env)
const client = createDynamoDBClient(patience)

await prepareTable(client, DYNAMODB_TABLE_NAME)
client.destroy()
console.log(`The table "${DYNAMODB_TABLE_NAME}" is ready, with its sample names.`)
