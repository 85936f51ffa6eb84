import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { startEmbeddedDynamoDB } from '../../src/local/embedded-dynamodb.ts'
import { example } from '../../src/resources.ts'
import { startAdapter } from './adapter.ts'
import { startHandler } from './cold.ts'
import { type Figures, interleave, type Table } from './interleave.ts'
import { commandOf, type Subject } from './subjects.ts'
import { sendInTurn } from './warm.ts'

const TableName = 'bench'

/** How many greetings of one id a subject gets, 50 at once. */
const greetings = 1000

const Template = Type.Object({
  Resources: Type.Record(
    Type.String(),
    Type.Object({
      Type: Type.String(),
      Properties: Type.Object({
        CodeUri: Type.Optional(Type.String()),
        Handler: Type.Optional(Type.String()),
        Runtime: Type.Optional(Type.String()),
      }),
    })
  ),
})

/** A function of a SAM application, or the program of AWS's web adapter. */
type Peer = Subject | { adapter: string }

/**
 * Builds what the subfolders of a folder contain: SAM applications by `sam build`, into another folder, and
 * the web adapter by cargo.
 */
export async function buildPeers(source: string, folder: string): Promise<Record<string, Peer>> {
  const entries = await readdir(source, { withFileTypes: true })
  const peers: Record<string, Peer> = {}
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const [cwd, built] = [`${source}/${name}`, `${folder}/${name}`]
    if (existsSync(`${cwd}/Cargo.toml`)) {
      await promisify(execFile)('cargo', ['build', '--release'], { cwd })
      peers[name] = { adapter: `${cwd}/target/release/lambda-adapter` }
    } else {
      await promisify(execFile)('sam', ['build', '--build-dir', built], { cwd })
      peers[name] = await readFunction(built)
    }
  }
  return peers
}

async function readFunction(folder: string): Promise<Subject> {
  const template = await readFile(`${folder}/template.yaml`, 'utf8')
  const { Resources } = Value.Parse(Template, parseTemplate(template))
  for (const { Type, Properties } of Object.values(Resources)) {
    const { CodeUri, Handler, Runtime = '' } = Properties
    if (Type !== 'AWS::Serverless::Function' || !Handler) continue
    const [module, name] = Handler.split('.')
    const python = Runtime.startsWith('python') ? Runtime : undefined
    const handler = `${folder}/${CodeUri}/${module}${python ? '.py' : '.js'}`
    return { handler, name, options: [], python, body: '' }
  }
  throw new Error(`${folder} has no function`)
}

/**
 * Measures the service and peers: a cold start, a warm greeting, and how many messages of greetings of one
 * id are lost, since another one has replaced them. (Not behind the web adapter: it takes one at a time.)
 */
export async function benchPeers(
  peers: Record<string, Peer>,
  env: NodeJS.ProcessEnv,
  rounds: number,
  count: number
): Promise<Table> {
  const database = await startEmbeddedDynamoDB()
  const dynamodb = createDynamoDBClient(database.connection)
  const client = DynamoDBDocumentClient.from(dynamodb)
  const repository = createRepository(client, TableName)
  const embedded = {
    DYNAMODB_TABLE_NAME: TableName,
    AWS_ENDPOINT_URL_DYNAMODB: database.connection.endpoint,
  }
  let ids = 0

  async function countLost(subject: Subject): Promise<number> {
    const id = `${ids++}`
    await repository.putName(id, 'Ada')
    const event = { ...example.event, path: `/hello/${id}`, pathParameters: { id } }
    const [command = '', ...args] = commandOf(subject, 'concurrent', event, greetings)
    await promisify(execFile)(command, args, { env: { ...process.env, ...env, ...embedded } })
    const { Count = 0 } = await client.send(
      new QueryCommand({
        TableName,
        Select: 'COUNT',
        KeyConditionExpression: 'PK = :id',
        ExpressionAttributeValues: { ':id': id },
      })
    )
    // One of the items is the name.
    return greetings - (Count - 1)
  }

  async function run(peer: Peer): Promise<Figures> {
    if ('adapter' in peer)
      return { ...(await startAdapter(peer.adapter, env, count)), lost: Number.NaN }
    const start = await startHandler(peer, env)
    const { p50 = Number.NaN } = await sendInTurn(peer, env, count)
    return { ...start, 'warm p50': p50, lost: await countLost(peer) }
  }

  try {
    await createTable(dynamodb, TableName)
    const runs = Object.entries(peers).map(([name, peer]) => [name, () => run(peer)])
    return await interleave('peers', Object.fromEntries(runs), rounds, 'service')
  } finally {
    dynamodb.destroy()
    await database.close()
  }
}
