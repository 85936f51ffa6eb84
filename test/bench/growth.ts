import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
import { greet } from '../../src/hello/greeter.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'
import { messageItem, operations } from '../support/greeting.ts'
import { type Figures, interleave, type Table } from './interleave.ts'
import { summarize } from './statistics.ts'

const TableName = 'bench'

/** Measures greetings of ids with different numbers of messages: milliseconds, and DynamoDB's units. */
export async function benchGrowth(rounds: number, longest: number): Promise<Table> {
  const database = await startEmbeddedDynamoDB()
  const dynamodb = createDynamoDBClient(database.connection)
  try {
    await createTable(dynamodb, TableName)
    const units = countUnits(dynamodb)
    const client = DynamoDBDocumentClient.from(dynamodb)
    const repository = createRepository(client, TableName)

    async function run(id: () => string): Promise<Figures> {
      const times: number[] = []
      Object.assign(units, { read: 0, write: 0 })
      for (let i = 0; i < 50; i++) {
        const start = performance.now()
        await greet(repository, id(), AbortSignal.timeout(5000))
        times.push(performance.now() - start)
      }
      return {
        greeting: summarize(times).median,
        'read units': units.read / times.length,
        'write units': units.write / times.length,
      }
    }

    let fresh = 0
    const runs: Record<string, () => Promise<Figures>> = { '0': () => run(() => `fresh${fresh++}`) }
    for (const length of [longest / 100, longest]) {
      await writeHistory(client, `${length}`, length)
      runs[length.toLocaleString('en')] = () => run(() => `${length}`)
    }
    return await interleave('growth', runs, rounds, '0')
  } finally {
    dynamodb.destroy()
    await database.close()
  }
}

/** Adds up the capacity units that DynamoDB reports for the commands of a client. */
function countUnits(dynamodb: ReturnType<typeof createDynamoDBClient>) {
  const units = { read: 0, write: 0 }
  dynamodb.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' }
        const result = await next({ ...args, input })
        const { ConsumedCapacity: consumed } = { ConsumedCapacity: undefined, ...result.output }
        if (consumed && 'CapacityUnits' in consumed)
          units[commandName === `${operations[0]}Command` ? 'read' : 'write'] +=
            consumed.CapacityUnits ?? 0
        return result
      },
    { step: 'initialize' }
  )
  return units
}

async function writeHistory(client: DynamoDBDocumentClient, id: string, length: number) {
  for (let i = 0; i < length; i += 25) {
    const items = Array.from({ length: Math.min(25, length - i) }, (_, j) => ({
      PutRequest: { Item: messageItem({ id }, new Date(i + j)) },
    }))
    await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: items } }))
  }
}
