import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { cpus, tmpdir } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { generate } from 'selfsigned'
import { startDynamoDBStub } from '../../src/build/dynamodb-stub.ts'
import { example } from '../../src/resources.ts'
import { benchCold, benchPhases } from './cold.ts'
import { benchContainer, benchHeap, benchRuntimeClient, buildImage, noEngine } from './container.ts'
import { benchGrowth } from './growth.ts'
import { benchMemory } from './memory.ts'
import { benchPeers, buildPeers } from './peers.ts'
import { writePlots } from './plot.ts'
import { formatPart, type Part, type Results } from './report.ts'
import { buildSubjects, path, server, service, tunedSubjects } from './subjects.ts'
import { benchHandlers, benchServers } from './warm.ts'

const all = ['cold', 'peers', 'container', 'warm', 'servers', 'heap', 'memory', 'growth'] as const

const inContainers: string[] = ['container', 'heap']

const command = new Command('npm run bench --')
  .description(
    'Measures the service beside its peers. Times are in milliseconds, memory in megabytes.'
  )
  .option('--rounds <n>', 'how often, each', wholeNumber, 15)
  .addOption(
    new Option('--parts <part...>', 'what to measure; without it, all that can be').choices(all)
  )
  .option(
    '--peers <folder>',
    'a folder whose subfolders have SAM applications, or the web adapter, to compare with'
  )
  .option('--quick', 'with few requests: to see that it works')
  .option('--out <folder>', 'where results.json and the plots go', path('results'))
  .parse()
const options = command.opts<{
  rounds: number
  parts?: (typeof all)[number][]
  peers?: string
  quick?: true
  out: string
}>()
if (options.parts?.includes('peers') && !options.peers)
  command.error('error: --parts peers requires --peers <folder>')

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

const { rounds, out } = options
const [requests, seconds] = options.quick ? [600, 1] : [10_000, 2]
const machine = `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} ${options.quick ? 'quick ' : ''}rounds; medians (and quartiles)`
const results = await earlierResults()

/** What was measured here before, of which some parts may be measured again. */
async function earlierResults(): Promise<Results> {
  const none = { machine, parts: {} }
  const text = await readFile(`${out}/results.json`, 'utf8').catch(() => JSON.stringify(none))
  const results: Results = JSON.parse(text)
  return results.machine === machine ? results : none
}

const folder = await mkdtemp(`${tmpdir()}/bench-`)
// The user of a container reads it, too.
await chmod(folder, 0o755)
// Nothing that would change how Node.js starts.
const env = {
  ...(await startDynamoDBStub(example.database)),
  LOG_LEVEL: 'silent',
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
}
const subjects = await buildSubjects(folder)
const { empty: _, ...greeting } = subjects

async function report(name: string, part: Part, legend?: Record<string, string>): Promise<void> {
  results.parts[name] = part
  console.log(`\n${formatPart(part)}`)
  if (legend) await writePlots(`${out}/${name}`, part, legend)
}

/** A DynamoDB that is reached by TLS. */
async function startTLS(): Promise<NodeJS.ProcessEnv> {
  const names = [{ type: 7 as const, ip: '127.0.0.1' }]
  const { cert, private: key } = await generate([], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: names }],
  })
  await writeFile(`${folder}/certificate.pem`, cert)
  const dynamodb = await startDynamoDBStub(example.database, createServer({ cert, key }), 'https')
  return { ...dynamodb, NODE_EXTRA_CA_CERTS: `${folder}/certificate.pem` }
}

const starts = { figure: 'response', peer: 'bare' }
const untilBoth = { ready: 'until it is ready', response: 'until it has responded' }

const measure: Record<(typeof all)[number], () => Promise<void>> = {
  async cold() {
    const title = 'Cold start: milliseconds from the start of a process'
    const table = await benchCold('cold', subjects, env, rounds)
    await report('cold', { ...starts, title, table }, untilBoth)

    const phases = await benchPhases(env, rounds)
    const ofService = 'Phases of a cold start of the service: milliseconds'
    await report('phases', { title: ofService, figure: '', peer: '', table: phases })

    const byTLS = { ...env, ...(await startTLS()) }
    const tls = await benchCold('cold, by TLS', subjects, byTLS, rounds)
    await report('cold-tls', { ...starts, title: `${title}, DynamoDB by TLS`, table: tls })
  },

  async peers() {
    if (!options.peers) return
    const peers = { service, ...(await buildPeers(options.peers, `${folder}/peers`)) }
    // boto3 reads this region; no daemon of X-Ray receives traces.
    const variables = { ...env, AWS_DEFAULT_REGION: 'local', AWS_XRAY_SDK_ENABLED: 'false' }
    const table = await benchPeers(peers, variables, rounds, requests / 20)
    const title =
      'Beside SAM applications: milliseconds, and messages lost of 1,000 greetings of an id'
    await report('peers', { title, figure: 'response', peer: 'service', table })
  },

  async container() {
    results.imageMegabytes = await buildImage()
    console.log(`\nThe image adds ${results.imageMegabytes.toFixed(1)} MB to its base.`)

    const title = "Cold start in the image, under Lambda's runtime client: milliseconds"
    const table = await benchRuntimeClient(subjects, folder, rounds)
    await report('cold-image', { ...starts, title, table }, untilBoth)

    const run = { title: 'Container: milliseconds from docker run', figure: 'first greeting' }
    await report('container', { ...run, peer: '', table: await benchContainer(env, rounds) })
  },

  async warm() {
    const title = 'Warm handler: milliseconds of a greeting'
    const table = await benchHandlers('warm', greeting, env, rounds, requests / 20)
    await report('warm', { title, figure: 'p50', peer: 'bare', table })

    const tuned = tunedSubjects(folder)
    const tunings = await benchHandlers('tunings', tuned, env, rounds, requests / 20)
    const each = `${title}, with one tuning of the client each`
    await report('tunings', { title: each, figure: 'p50', peer: 'bare', table: tunings })
  },

  async servers() {
    const title = 'Server on one processor'
    const servers = { service: server, bare: [`${folder}/bare-server.cjs`] }
    const table = await benchServers(servers, env, rounds, { requests, seconds })
    const legend = { 'requests/s': 'requests per second' }
    await report('servers', { title, figure: 'requests/s', peer: 'bare', table }, legend)
  },

  async heap() {
    await buildImage()
    const few = Math.ceil(rounds / 5)
    const title = `Server in a container of so much memory, megabytes for young objects (${few} rounds)`
    const table = await benchHeap(env, few, { requests: requests / 5, seconds })
    await report('heap', { title, figure: 'requests/s', peer: '256m, default', table })
  },

  async memory() {
    const memory = await benchMemory(env, requests * 10)
    results.memory = memory.map(Math.round)
    console.log(`\nServer: megabytes after each ${requests.toLocaleString('en')} requests`)
    console.log(results.memory.join(', '))
  },

  async growth() {
    const title = 'Greeting of an id with so many messages: milliseconds, units of DynamoDB'
    const table = await benchGrowth(rounds, requests * 10)
    await report('growth', { title, figure: 'greeting', peer: '0', table })
  },
}

console.log(machine)
await mkdir(out, { recursive: true })
const reason = options.parts ? undefined : await noEngine()
if (reason) console.log(`\nLeft out: ${inContainers.join(' and ')} (${reason})`)
try {
  // In this order: after the cold starts, this process keeps to one processor.
  for (const part of all.filter(
    (part) => options.parts?.includes(part) ?? !(reason && inContainers.includes(part))
  ))
    await measure[part]()
  await writeFile(`${out}/results.json`, `${JSON.stringify(results, null, 2)}\n`)
} finally {
  await rm(folder, { recursive: true })
}
process.exit()
