import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { AwsCredentialIdentity } from '@smithy/types'
import type { Test } from 'tap'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { createTable } from '../../src/dynamodb/create-table.ts'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { endWithTests } from './child.ts'
import { findItems } from './greeting.ts'
import { listen } from './listen.ts'
import { missingProgram } from './missing-program.ts'

const region = 'eu-central-1'
const tableName = 'test'
const tableArn = `arn:aws:dynamodb:${region}:123456789012:table/${tableName}`

/** The reason why no DynamoDB that verifies requests can run here, and the remedy; `false` if one can. */
export function noMoto(): Promise<string | false> {
  const moto = "moto, an emulation of AWS (pip install 'moto[server]')"
  return missingProgram('moto_server', '--help', moto)
}

export type VerifyingDynamoDB = Awaited<ReturnType<typeof startVerifyingDynamoDB>>

/**
 * Starts moto, a third party's emulation of AWS; `stop` it at the end. It computes the signature of each
 * request itself, and checks whether the client's policies allow the request. (moto's documentation,
 * "IAM-like Access Control")
 *
 * @param host the address to listen on: of this machine, or one that containers can reach
 */
export async function startVerifyingDynamoDB(host = '127.0.0.1') {
  const server = endWithTests(
    spawn('moto_server', ['--host', host, '--port', '0'], {
      env: {
        ...process.env,
        // The requests that create the administrator.
        INITIAL_NO_AUTH_ACTION_COUNT: '3',
        PYTHONPATH: fileURLToPath(new URL('moto-policies', import.meta.url)),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  )
  const closed = once(server, 'close')
  const endpoint = await listening(server.stderr)
  const admin = await createAdministrator(endpoint)
  const connection = { endpoint, region, credentials: admin }
  const client = createDynamoDBClient({ ...connection, ...patience })
  await createTable(client, tableName)
  const repository = createRepository(DynamoDBDocumentClient.from(client), tableName)
  const iam = new IAMClient(connection)
  const sts = new STSClient(connection)
  let roles = 0

  /** Creates a role that allows some actions on the table. */
  async function createRole(actions: string[]): Promise<string> {
    const RoleName = `role-${++roles}`
    const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trust) })
    )
    const statement = { Effect: 'Allow', Action: actions, Resource: tableArn }
    await iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'table',
        PolicyDocument: policy(statement),
      })
    )
    return `${Role?.Arn}`
  }

  /** Returns temporary credentials of a role, as AWS gives them to a function or a container. */
  async function assumeRole(RoleArn: string): Promise<Required<Keys>> {
    const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' })
    const { Credentials } = await sts.send(command)
    return {
      accessKeyId: `${Credentials?.AccessKeyId}`,
      secretAccessKey: `${Credentials?.SecretAccessKey}`,
      sessionToken: `${Credentials?.SessionToken}`,
    }
  }

  const leftovers = (ids: string[]) => findItems(repository, ids)

  async function stop(): Promise<void> {
    for (const each of [client, iam, sts]) each.destroy()
    server.kill()
    await closed
  }

  return {
    admin,
    createRole,
    assumeRole,
    repository,
    leftovers,
    /** The variables of a service on this table, without its credentials. */
    variables: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: region,
      DYNAMODB_TABLE_NAME: tableName,
    },
    stop,
  }
}

type Keys = Pick<AwsCredentialIdentity, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>

/** Returns credentials as variables. */
export function keyVariables({ accessKeyId, secretAccessKey, sessionToken = '' }: Keys) {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  }
}

/** Starts an endpoint for the credentials of a role, as Amazon ECS and Amazon EKS have one. */
export async function containerVariables(t: Test, { assumeRole }: VerifyingDynamoDB, role: string) {
  const { accessKeyId, secretAccessKey, sessionToken } = await assumeRole(role)
  const endpoint = createServer((_request, response) => {
    const Expiration = new Date(Date.now() + 3_600_000)
    const keys = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken }
    response.end(JSON.stringify({ ...keys, Expiration }))
  })
  return { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${await listen(t, endpoint)}` }
}

/** Writes a profile that assumes a role with the administrator's credentials. */
export async function profileVariables(
  t: Test,
  { admin, variables }: VerifyingDynamoDB,
  role: string
) {
  const folder = t.testdir({
    config: `[profile service]
      role_arn = ${role}
      source_profile = administrator
      [profile administrator]
      aws_access_key_id = ${admin.accessKeyId}
      aws_secret_access_key = ${admin.secretAccessKey}`.replace(/^ +/gm, ''),
  })
  return {
    AWS_PROFILE: 'service',
    AWS_CONFIG_FILE: `${folder}/config`,
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ENDPOINT_URL_STS: variables.AWS_ENDPOINT_URL_DYNAMODB,
  }
}

const Template = Type.Object({
  Resources: Type.Object({
    Function: Type.Object({
      Properties: Type.Object({
        Policies: Type.Tuple([
          Type.Object({
            Statement: Type.Tuple([
              Type.Object({
                Effect: Type.Literal('Allow'),
                Action: Type.Array(Type.String()),
                Resource: Type.Object({
                  'Fn::GetAtt': Type.Tuple([Type.Literal('Table'), Type.Literal('Arn')]),
                }),
              }),
            ]),
          }),
        ]),
      }),
    }),
  }),
})

/** Returns the actions that template.yaml allows the function on its table. */
export async function grantedActions(): Promise<string[]> {
  const text = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8')
  const { Resources } = Value.Parse(Template, parseTemplate(text))
  return Resources.Function.Properties.Policies[0].Statement[0].Action
}

async function createAdministrator(endpoint: string): Promise<AwsCredentialIdentity> {
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
  const iam = new IAMClient({ endpoint, region, credentials })
  const UserName = 'administrator'
  await iam.send(new CreateUserCommand({ UserName }))
  const statement = { Effect: 'Allow', Action: '*', Resource: '*' }
  await iam.send(
    new PutUserPolicyCommand({ UserName, PolicyName: 'all', PolicyDocument: policy(statement) })
  )
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  iam.destroy()
  return {
    accessKeyId: `${AccessKey?.AccessKeyId}`,
    secretAccessKey: `${AccessKey?.SecretAccessKey}`,
  }
}

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

async function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stderr)) {
    const [, origin] = /Running on (\S+)/.exec(line) ?? []
    if (origin) {
      // A full pipe would stop the server.
      stderr.resume()
      return origin
    }
  }
  throw new Error('moto has ended')
}
