import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { DockerComposeEnvironment } from 'testcontainers'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { docker } from './docker.ts'
import { findItems } from './greeting.ts'

// As docker-compose.yml names it.
const tableName = 'hello'

const folder = fileURLToPath(new URL('../..', import.meta.url))

/** Milliseconds for a test that may have to build the image and to pull its base images. */
export const buildTimeout = 900_000

export type Compose = Awaited<ReturnType<typeof startCompose>>

/** Returns a unique name of a project. */
export function newProject(): string {
  return `test-${randomUUID()}`
}

/** Starts docker-compose.yml on free ports; stop it with `down` at the end. */
export async function startCompose(project = newProject()) {
  const since = `${Date.now() / 1000}`
  const environment = await new DockerComposeEnvironment(folder, 'docker-compose.yml')
    .withProjectName(project)
    .withEnvironment({ PORT: '0', DYNAMODB_PORT: '0', LAMBDA_PORT: '0' })
    .withProfiles('lambda')
    .withStartupTimeout(buildTimeout)
    .up()
    .catch(async (error) => {
      // testcontainers removes what it has started, but not the services of a profile.
      const file = `${folder}docker-compose.yml`
      const options = ['--file', file, '--project-name', project, '--profile', 'lambda']
      await docker('compose', ...options, 'down', '--volumes')
      const until = `${Date.now() / 1000}`
      const filter = `label=com.docker.compose.project=${project}`
      const format = '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}'
      throw new Error(
        await docker(
          'events',
          '--since',
          since,
          '--until',
          until,
          '--filter',
          filter,
          '--format',
          format
        ),
        { cause: error }
      )
    })

  // docker-compose.yml publishes on 127.0.0.1, and the engine is of this machine (noEngine).
  function origin(service: string, port: number): string {
    return `http://127.0.0.1:${environment.getContainer(`${service}-1`).getMappedPort(port)}`
  }
  const dynamodb = origin('dynamodb', 8000)
  const client = createDynamoDBClient({ ...localConnection(dynamodb), ...patience })
  const documentClient = DynamoDBDocumentClient.from(client)
  const repository = createRepository(documentClient, tableName)

  const leftovers = (ids: string[]) => findItems(repository, ids)

  /** Returns all items of tests. */
  async function testItems(): Promise<unknown[]> {
    const FilterExpression = 'begins_with(PK, :test)'
    const ExpressionAttributeValues = { ':test': 'TEST' }
    const filter = { FilterExpression, ExpressionAttributeValues }
    const pages = paginateScan({ client: documentClient }, { TableName: tableName, ...filter })
    return (await Array.fromAsync(pages)).flatMap(({ Items = [] }) => Items)
  }

  async function down({ removeVolumes } = { removeVolumes: true }): Promise<void> {
    client.destroy()
    await environment.down({ removeVolumes, timeout: 10_000 })
  }

  return {
    api: origin('api', 3000),
    lambda: origin('lambda', 8080),
    dynamodb,
    network: `${project}_default`,
    client: documentClient,
    tableName,
    repository,
    missing: createRepository(documentClient, 'missing'),
    leftovers,
    testItems,
    container: (service: string) => environment.getContainer(`${service}-1`).getId(),
    down,
  }
}

/** Returns the ids of a project's containers, networks and volumes. */
export async function remains(project: string): Promise<string> {
  const filter = `label=com.docker.compose.project=${project}`
  const lists = [['container', '--all'], ['network'], ['volume']].map(([kind = '', ...all]) =>
    docker(kind, 'ls', ...all, '--quiet', '--filter', filter)
  )
  return (await Promise.all(lists)).join('')
}
