import { randomInt, randomUUID } from 'node:crypto'
import { cpus } from 'node:os'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { Command, InvalidArgumentError } from 'commander'
import type { Environment } from '../support/environment.ts'
import { startContainers } from '../targets/container-instances.ts'
import { startProcesses } from '../targets/processes.ts'
import { stressByConcurrency } from './concurrency.ts'
import { stressByFaults } from './faults.ts'
import { stressByOverload } from './overload.ts'
import { Part } from './part.ts'
import { formatFaults, formatLedgers, formatOverload } from './report.ts'
import { stressByRestarts } from './restarts.ts'

const { containers, seconds, seed } = new Command('npm run stress --')
  .description(
    'Greets under faults, concurrency, overload and restarts, and compares what callers were told with what the table holds. Ends with 1 if a promise is broken.'
  )
  .option('--containers', 'stress the image, over DynamoDB Local')
  .option('--seconds <n>', 'how long, about', wholeNumber, 120)
  .option(
    '--seed <n>',
    'the seed of the faults, to have them again',
    wholeNumber,
    randomInt(2 ** 31)
  )
  .parse()
  .opts<{ containers?: true; seconds: number; seed: number }>()

const ids = `TEST001_${randomUUID()}_`

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

async function stressBy<T>(
  place: Environment,
  name: string,
  share: number,
  stress: (part: Part) => Promise<T>
) {
  console.error(`${name} …`)
  await using part = new Part(place, seed, `${ids}${name}_`, seconds * share)
  return { result: await stress(part), ledger: part.ledger }
}

/** What the table holds of this run: the messages of each id. */
async function readMessages({ client, tableName }: Environment): Promise<Map<string, string[]>> {
  const messages = new Map<string, string[]>()
  const filter = {
    FilterExpression: 'begins_with(PK, :ids) AND begins_with(SK, :message)',
    ExpressionAttributeValues: { ':ids': ids, ':message': 'TS#' },
  }
  const table = { TableName: tableName, ConsistentRead: true }
  for await (const { Items = [] } of paginateScan({ client }, { ...table, ...filter })) {
    for (const { PK, data } of Items) {
      const known = messages.get(PK) ?? []
      known.push(data)
      messages.set(PK, known)
    }
  }
  return messages
}

async function stress(place: Environment): Promise<string[]> {
  const processor = `${cpus().length} × ${cpus()[0]?.model}`
  console.log(`${place.name}; seed ${seed}, ${seconds} s, Node.js ${process.version}, ${processor}`)

  const faults = await stressBy(place, 'faults', 0.45, stressByFaults)
  const concurrency = await stressBy(place, 'concurrency', 0, (part) =>
    stressByConcurrency(part, seconds < 60 ? 2000 : 20_000)
  )
  const overload = await stressBy(place, 'overload', 0.2, stressByOverload)
  const restarts = await stressBy(place, 'restarts', 0.2, stressByRestarts)

  const messages = await readMessages(place)
  const ledgers = {
    faults: faults.ledger,
    concurrency: concurrency.ledger,
    overload: overload.ledger,
    restarts: restarts.ledger,
  }
  for (const ledger of Object.values(ledgers)) ledger.balance(messages)

  console.log(`
${formatLedgers(ledgers)}

faults      ${formatFaults(faults.result)}
overload    ${formatOverload(overload.result)}
restarts    ${restarts.result} rolling, under load
`)
  return Object.values(ledgers).flatMap(({ broken }) => broken)
}

const place = containers ? await startContainers() : await startProcesses()
try {
  const broken = await stress(place)
  for (const promise of broken.slice(0, 20)) console.log(`BROKEN: ${promise}`)
  console.log(broken.length === 0 ? 'Every promise was kept.' : `${broken.length} promises broken.`)
  if (broken.length > 0) process.exitCode = 1
} finally {
  await place.stop()
}
