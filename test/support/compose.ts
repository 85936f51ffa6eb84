import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { DockerComposeEnvironment } from 'testcontainers'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { localConnection } from '../../src/local/embedded-dynamodb.ts'
import { docker } from './docker.ts'

const folder = fileURLToPath(new URL('../..', import.meta.url))

/** Milliseconds for a test that may have to build the image and pull what it is made of. */
export const buildTimeout = 900_000

export type Compose = Awaited<ReturnType<typeof startCompose>>

/** A name that no other project of this machine has. */
export function newProject(): string {
  return `test-${randomUUID()}`
}

/** Brings docker-compose.yml up, on free ports; `down` it in the end. */
export async function startCompose(project = newProject()) {
  const environment = await new DockerComposeEnvironment(folder, 'docker-compose.yml')
    .withProjectName(project)
    .withEnvironment({ PORT: '0', DYNAMODB_PORT: '0', LAMBDA_PORT: '0' })
    .withProfiles('lambda')
    .up()
    .catch(async (error) => {
      // testcontainers does this, too, but leaves out what belongs to a profile.
      const down = ['--profile', '*', 'down', '--volumes']
      // The first error counts.
      await docker('compose', '--project-name', project, ...down).catch(() => {})
      throw error
    })

  // Not the host that testcontainers finds: docker-compose.yml publishes on this machine alone.
  function origin(service: string, port: number): string {
    return `http://127.0.0.1:${environment.getContainer(`${service}-1`).getMappedPort(port)}`
  }
  const dynamodb = origin('dynamodb', 8000)
  const client = createDynamoDBClient(localConnection(dynamodb))
  const documentClient = DynamoDBDocumentClient.from(client)
  const repository = createRepository(documentClient, 'hello')

  async function leftovers(ids: string[]): Promise<unknown[]> {
    const items = ids.map(async (id) => [
      (await repository.getName(id)) ?? [],
      await Array.fromAsync(repository.history(id)),
    ])
    return (await Promise.all(items)).flat(Number.POSITIVE_INFINITY)
  }

  /** All that tests have in the table. */
  async function testItems(): Promise<unknown[]> {
    const FilterExpression = 'begins_with(PK, :test)'
    const ExpressionAttributeValues = { ':test': 'TEST' }
    const filter = { FilterExpression, ExpressionAttributeValues }
    const pages = paginateScan({ client: documentClient }, { TableName: 'hello', ...filter })
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
    repository,
    missing: createRepository(documentClient, 'missing'),
    leftovers,
    testItems,
    container: (service: string) => environment.getContainer(`${service}-1`).getId(),
    down,
  }
}

/** What is left of a project: containers, networks and volumes. */
export async function remains(project: string): Promise<string> {
  const filter = `label=com.docker.compose.project=${project}`
  const lists = [['container', '--all'], ['network'], ['volume']].map(([kind = '', ...all]) =>
    docker(kind, 'ls', ...all, '--quiet', '--filter', filter)
  )
  return (await Promise.all(lists)).join('')
}
