import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { cpus, tmpdir } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { generate } from 'selfsigned'
import { startDynamoDBStub } from '../src/image/dynamodb-stub.ts'
import { benchCold } from './cold.ts'
import {
  benchContainer,
  benchHeap,
  benchRuntimeClient,
  buildImage,
  lacksEngine,
} from './container.ts'
import { benchGrowth } from './growth.ts'
import { benchMemory } from './memory.ts'
import { type Part, printTable, writePlots } from './report.ts'
import { buildSubjects, imageOptions, path } from './subjects.ts'
import type { Table } from './take-turns.ts'
import { benchHandlers, benchServers } from './warm.ts'

const all = ['cold', 'container', 'warm', 'servers', 'heap', 'memory', 'growth'] as const

const inContainers: string[] = ['container', 'heap']

const options = new Command('npm run bench --')
  .description(
    'Measures the service beside its peers. Times are in milliseconds, memory in megabytes.'
  )
  .option('--rounds <n>', 'how often, each', wholeNumber, 15)
  .addOption(
    new Option('--parts <part...>', 'what to measure; without it, all that can be').choices(all)
  )
  .option('--quick', 'with few requests: to see that it works')
  .option('--out <folder>', 'where results.json and the plots go', path('results'))
  .parse()
  .opts<{ rounds: number; parts?: (typeof all)[number][]; quick?: true; out: string }>()

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

const { rounds, out } = options
const [requests, seconds] = options.quick ? [600, 1] : [10_000, 2]
const tables: Record<string, Table> = {}
const machine = `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} rounds`
const results: Record<string, unknown> = { machine, date: new Date().toISOString(), tables }

const folder = await mkdtemp(`${tmpdir()}/bench-`)
// The user of a container reads it, too.
await chmod(folder, 0o755)
const { env: dynamodb } = await startDynamoDBStub()
// Nothing that would change how Node.js starts.
const env = {
  ...dynamodb,
  LOG_LEVEL: 'silent',
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
}
const subjects = await buildSubjects(folder)
const { empty: _, ...greeting } = subjects
const server = path('../dist/main.mjs')

async function report(name: string, part: Part, table: Table, ...plotted: string[]): Promise<void> {
  tables[name] = table
  printTable(part, table)
  if (plotted.length > 0) await writePlots(`${out}/${name}`, part, plotted, table)
}

/** A DynamoDB that is reached by TLS. */
async function startTLS(): Promise<NodeJS.ProcessEnv> {
  const names = [{ type: 7 as const, ip: '127.0.0.1' }]
  const { cert, private: key } = await generate([], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: names }],
  })
  await writeFile(`${folder}/certificate.pem`, cert)
  const { env } = await startDynamoDBStub(createServer({ cert, key }), 'https')
  return { ...env, NODE_EXTRA_CA_CERTS: `${folder}/certificate.pem` }
}

const starts = {
  figure: 'response',
  peer: 'bare',
  legend: ['until the handler is ready', 'until it has responded'],
}

const measure: Record<(typeof all)[number], () => Promise<void>> = {
  async cold() {
    const plain = await benchCold('cold', subjects, env, rounds)
    const title = 'Cold start: milliseconds from the start of a process'
    await report('cold', { ...starts, title }, plain, 'ready', 'response')

    const tls = await benchCold(
      'cold, over TLS',
      subjects,
      { ...env, ...(await startTLS()) },
      rounds
    )
    await report('cold-tls', { ...starts, title: `${title}, DynamoDB by TLS` }, tls)
  },

  async container() {
    results.imageMegabytes = await buildImage()
    console.log(`\nThe image adds ${Number(results.imageMegabytes).toFixed(1)} MB to its base.`)
    const cold = await benchRuntimeClient(subjects, folder, rounds)
    const title = "Cold start in the image, under Lambda's runtime client: milliseconds"
    await report('cold-image', { ...starts, title }, cold, 'ready', 'response')

    const container = await benchContainer(env, rounds)
    const part = {
      ...starts,
      title: 'Container: milliseconds from docker run',
      figure: 'first greeting',
    }
    await report('container', part, container)
  },

  async warm() {
    const table = await benchHandlers(greeting, env, rounds, requests / 20)
    const part = { title: 'Warm handler: milliseconds of a greeting', figure: 'p50', peer: 'bare' }
    await report('warm', { ...part, legend: [] }, table)
  },

  async servers() {
    const servers = { service: [...imageOptions, server], bare: [`${folder}/bare-server.cjs`] }
    const table = await benchServers(servers, env, rounds, { requests, seconds })
    const title = 'Server: requests per second on one processor'
    const part = { title, figure: 'requests/s', peer: 'bare', legend: ['requests per second'] }
    await report('servers', part, table, 'requests/s')
  },

  async heap() {
    await buildImage()
    const few = Math.ceil(rounds / 5)
    const table = await benchHeap(env, few, { requests: requests / 3, seconds })
    const title = `Server, by the memory of its container and the megabytes for young objects (${few} rounds)`
    const part = { title, figure: 'requests/s', peer: '256m, default', legend: [] }
    await report('heap', part, table)
  },

  async memory() {
    const memory = await benchMemory(env, requests * 10)
    results.memory = memory
    const figures = memory.map((megabytes) => megabytes.toFixed(0)).join(', ')
    console.log(
      `\nServer: megabytes after each ${requests.toLocaleString('en')} requests\n${figures}`
    )
  },

  async growth() {
    const table = await benchGrowth(rounds, requests * 10)
    const part = {
      title: 'Greeting, by messages of history',
      figure: 'greeting',
      peer: '0',
      legend: [],
    }
    await report('growth', part, table)
  },
}

console.log(`${machine}; medians (and quartiles)`)
await mkdir(out, { recursive: true })
const lack = options.parts ? undefined : await lacksEngine()
if (lack) console.log(`\nLeft out: ${inContainers.join(' and ')} (${lack})`)
try {
  // In this order: after the cold starts, this process keeps to one processor.
  for (const part of all.filter(
    (part) => options.parts?.includes(part) ?? !(lack && inContainers.includes(part))
  ))
    await measure[part]()
  await writeFile(`${out}/results.json`, `${JSON.stringify(results, null, 2)}\n`)
} finally {
  await rm(folder, { recursive: true })
}
process.exit()
