import { startEmbeddedTable } from './embedded-table.ts'

/** Starts an embedded DynamoDB with the table, and sends its endpoint to the parent process. */
const { connection, tableName } = await startEmbeddedTable()
process.send?.({ endpoint: connection.endpoint, tableName })
