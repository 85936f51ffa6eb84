import { randomInt, randomUUID } from 'node:crypto'
import { cpus } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import type { Environment } from '../support/environment.ts'
import { scanMessages } from '../support/greeting.ts'
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
    'Sends greetings under faults, concurrency, overload and restarts, and compares the responses with the messages in the table. Ends with 1 if a promise is broken.'
  )
  .option('--containers', 'stress the image, over DynamoDB Local')
  .option('--seconds <n>', 'the approximate duration', positiveInteger, 120)
  .option(
    '--seed <n>',
    'the seed of the faults, to replay a run',
    positiveInteger,
    randomInt(2 ** 31)
  )
  .parse()
  .opts<{ containers?: true; seconds: number; seed: number }>()

const ids = `TEST001_${randomUUID()}_`

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a positive integer.')
  return Number(text)
}

async function stressBy<T>(
  environment: Environment,
  name: string,
  share: number,
  stress: (part: Part) => Promise<T>
) {
  console.error(`${name} …`)
  await using part = new Part(environment, seed, `${ids}${name}_`, seconds * share)
  return { result: await stress(part), ledger: part.ledger }
}

async function stress(environment: Environment): Promise<string[]> {
  const processor = `${cpus().length} × ${cpus()[0]?.model}`
  console.log(
    `${environment.name}; seed ${seed}, ${seconds} s, Node.js ${process.version}, ${processor}`
  )

  const faults = await stressBy(environment, 'faults', 0.45, stressByFaults)
  const concurrency = await stressBy(environment, 'concurrency', 0, (part) =>
    stressByConcurrency(part, seconds < 60 ? 2000 : 20_000)
  )
  const overload = await stressBy(environment, 'overload', 0.2, stressByOverload)
  const restarts = await stressBy(environment, 'restarts', 0.2, stressByRestarts)

  const { client, tableName } = environment
  const messages = await scanMessages(client, tableName, ids)
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

const environment = containers ? await startContainers() : await startProcesses()
try {
  const broken = await stress(environment)
  for (const promise of broken.slice(0, 20)) console.log(`BROKEN: ${promise}`)
  console.log(broken.length === 0 ? 'Every promise was kept.' : `${broken.length} promises broken.`)
  if (broken.length > 0) process.exitCode = 1
} finally {
  await environment.stop()
}
