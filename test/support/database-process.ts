import { startEmbeddedTable } from './embedded-table.ts'

/** A process that embeds a DynamoDB with the table, and tells its parent where. */
const { connection, tableName } = await startEmbeddedTable()
process.send?.({ endpoint: connection.endpoint, tableName })
