import { readFile, writeFile } from 'node:fs/promises'
import { urlToHttpOptions } from 'node:url'
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import t from 'tap'
import { request } from 'undici'
import { createDynamoDBClient } from '../../src/dynamodb/client.ts'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'
import { patience } from '../../src/dynamodb/patience.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { runCloudSuite } from '../support/cloud-suite.ts'
import { buildTimeout } from '../support/compose.ts'
import { docker, noEngine } from '../support/docker.ts'
import { messageFor, seedPerson, sortKeys } from '../support/greeting.ts'
import { startHttpProxy } from '../support/http-proxy.ts'
import { noMiniStack, startMiniStack } from '../support/ministack.ts'
import { noSam } from '../support/sam.ts'
import { buildForMiniStack, samRunner } from '../support/sam-deploy.ts'
import { startProcess } from '../support/start-process.ts'
import { TestData } from '../support/test-data.ts'

/** The default of SAM. */
const StackName = 'sam-app'
const day = 24 * 60 * 60

const skip = (await noEngine()) || (await noSam()) || (await noMiniStack())

t.setTimeout(buildTimeout)
t.test('a stack on MiniStack', { skip, timeout: buildTimeout }, async (t) => {
  const folder = t.testdir()
  const { image, template } = await buildForMiniStack(t, folder)
  const ministack = await startMiniStack(t)
  const sam = await samRunner(t, folder, ministack.env)

  const created = await sam('deploy', '--guided')
  t.test('is created by sam deploy --guided with its default answers', async (t) => {
    t.equal(created.code, 0) || console.error(created.output)
    t.match(created.output, `Successfully created/updated stack - ${StackName} in eu-central-1`)
  })

  const cloudFormation = new CloudFormationClient({
    ...ministack.connection,
    endpoint: ministack.env.AWS_ENDPOINT_URL_CLOUDFORMATION,
  })
  const client = createDynamoDBClient({ ...ministack.connection, ...patience })
  t.teardown(() => {
    cloudFormation.destroy()
    client.destroy()
  })
  const { Stacks: [stack] = [] } = await cloudFormation.send(
    new DescribeStacksCommand({ StackName })
  )
  const output = (key: string) =>
    stack?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue ?? ''
  const TableName = output('DynamoDBTableName')
  const documentClient = DynamoDBDocumentClient.from(client)
  const repository = createRepository(documentClient, TableName)
  const data = new TestData(repository)
  const greet = (id: string) => request(output('HelloPersonApi').replace('{id}', id))

  /** Returns all items of the table. */
  async function testItems() {
    const pages = paginateScan({ client: documentClient }, { TableName })
    return (await Array.fromAsync(pages)).flatMap(({ Items = [] }) => Items)
  }

  t.test('the cloud suite', async (t) => {
    const env = { ...ministack.env, AWS_EMULATOR: 'MiniStack', AWS_SAM_STACK_NAME: StackName }

    t.test('passes, also when it runs twice at once', { jobs: 2 }, async (t) => {
      const runs = ['one run', 'another run'].map((name) =>
        t.test(name, async (t) => {
          const { code, output } = await runCloudSuite(t, env).ended()
          t.equal(code, 0) || console.error(output)
          t.match(output, /^ *ok \d+ - the tests leave no items behind/m)
        })
      )
      await Promise.all(runs)
      t.strictSame(await testItems(), [])
    })

    t.test('fails on an API that changes the responses', async (t) => {
      const api = new URL(output('HelloPersonApi'))
      const broken = await startHttpProxy(t, urlToHttpOptions(api), {
        rewrite: (body) => `${body} `,
      })
      const cloudFormation = urlToHttpOptions(new URL(env.AWS_ENDPOINT_URL_CLOUDFORMATION))
      const outputs = await startHttpProxy(t, cloudFormation, {
        rewrite: (body) => body.replace(api.origin, `http://127.0.0.1:${broken}`),
      })
      const AWS_ENDPOINT_URL_CLOUDFORMATION = `http://127.0.0.1:${outputs}`

      const suite = runCloudSuite(t, { ...env, AWS_ENDPOINT_URL_CLOUDFORMATION })

      const { code, output: printed } = await suite.ended()
      t.equal(code, 1)
      t.match(printed, /not ok \d+ - an id with a name gets a greeting with the name/)
      t.strictSame(await testItems(), [])
    })

    t.test('removes its items when it is interrupted', async (t) => {
      const { ended, interrupt } = runCloudSuite(t, env)
      while ((await testItems()).length === 0);

      interrupt()

      t.not((await ended()).code, 0)
      t.strictSame(await testItems(), [])
    })

    const refusals: [what: string, env: NodeJS.ProcessEnv, message: RegExp][] = [
      [
        'no name',
        { AWS_SAM_STACK_NAME: undefined },
        /^Bail out! AWS_SAM_STACK_NAME must be .*; it is not set\.$/m,
      ],
      [
        'a name that no stack has',
        { AWS_SAM_STACK_NAME: 'missing' },
        /^Bail out! The stack must be .*; there is no "missing" in this account and eu-central-1\.$/m,
      ],
      [
        'a stack without an output',
        // SAM's own, for its bucket.
        { AWS_SAM_STACK_NAME: 'aws-sam-cli-managed-default' },
        /^Bail out! The stack aws-sam-cli-managed-default has no output HelloPersonApi: .*\.$/m,
      ],
      [
        'no region',
        { AWS_DEFAULT_REGION: undefined, AWS_CONFIG_FILE: '/dev/null' },
        /^Bail out! AWS_DEFAULT_REGION must be .*; it is not set\.$/m,
      ],
      [
        'no credentials',
        {
          AWS_ACCESS_KEY_ID: undefined,
          AWS_SECRET_ACCESS_KEY: undefined,
          AWS_CONFIG_FILE: '/dev/null',
          AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
          AWS_EC2_METADATA_DISABLED: 'true',
        },
        /^ *Bail out! AWS credentials must be .*; there are none: .+/m,
      ],
    ]
    for (const [what, variables, message] of refusals) {
      t.test(`with ${what} prints what is required`, async (t) => {
        const { code, output } = await runCloudSuite(t, { ...env, ...variables }).ended()
        t.not(code, 0)
        t.match(output, message)
      })
    }
  })

  t.test('the tool for names finds its table', async (t) => {
    const id = data.newId(t)
    const name = 'Ada'
    const args = ['--stack', StackName, 'set', id, name]
    const tool = startProcess(t, t.testdir(), ministack.env, 'cli/names.ts', ...args)
    t.match(await tool.ended(), { code: 0, stderr: '' })
    t.equal(await (await greet(id)).body.text(), messageFor({ id, name }))
  })

  t.test('refuses a gradual deployment without alarms', async (t) => {
    const { code, output } = await sam('deploy', '--parameter-overrides', 'GradualDeployment=true')
    t.equal(code, 1)
    t.match(output, 'GradualDeployment requires AlarmEmail')
  })

  t.test('applies the parameters of an update', async (t) => {
    const person = await seedPerson(t, data)
    const parameters = [
      'AccessLogs=true',
      'AlarmEmail=operator@example.com',
      'FunctionMemory=1024',
      'MessageDays=7',
      'ProvisionedConcurrency=1',
      'TableKey=AWS_MANAGED',
      'Tracing=Active',
    ]
    const update = await sam('deploy', '--parameter-overrides', parameters.join(' '))
    t.equal(update.code, 0) || console.error(update.output)

    const response = await greet(person.id)

    t.equal(await response.body.text(), messageFor(person))
    const { expires } = (await testItems()).find(({ SK }) => SK.startsWith(sortKeys.message)) ?? {}
    t.ok(Math.abs(expires - Date.now() / 1000 - 7 * day) < 60, `it expires at ${expires}`)
    const containers = await docker('ps', '--quiet', '--filter', `ancestor=${image}`)
    const [newest = ''] = containers.split('\n')
    const env = await docker('inspect', '--format', '{{json .Config.Env}}', newest)
    t.match(env, '"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024"')
  })

  t.test('has alarms, their metrics and a dashboard for an address', async (t) => {
    const pages = paginateListStackResources({ client: cloudFormation }, { StackName })
    const resources = (await Array.fromAsync(pages)).flatMap(
      ({ StackResourceSummaries = [] }) => StackResourceSummaries
    )
    const status = new Map(
      resources.map((resource) => [resource.LogicalResourceId, resource.ResourceStatus])
    )
    const { Resources } = parseTemplate(await readFile(template, 'utf8'))
    const expected = Object.keys(Resources).filter((name) => Resources[name].Condition)
    t.ok(expected.length > 1)
    // MiniStack says UPDATE_COMPLETE of what an update creates.
    for (const name of expected) t.match(status.get(name), /^(CREATE|UPDATE)_COMPLETE$/, name)
  })

  t.test('leaves no table behind when its creation fails', async (t) => {
    const { Resources, ...rest } = parseTemplate(await readFile(template, 'utf8'))
    Resources.Signal = { Type: 'AWS::CloudFormation::WaitConditionHandle' }
    // It fails after a second, as it gets no signal.
    Resources.Wait = {
      Type: 'AWS::CloudFormation::WaitCondition',
      DependsOn: 'Table',
      Properties: { Handle: { Ref: 'Signal' }, Timeout: '1' },
    }
    await writeFile(`${folder}/failing.yaml`, JSON.stringify({ Resources, ...rest }))

    const { code, output } = await sam('deploy', '-t', 'failing.yaml', '--stack-name', 'failing')

    t.equal(code, 1)
    t.match(output, /CREATE_COMPLETE +AWS::DynamoDB::Table/)
    const { TableNames } = await client.send(new ListTablesCommand())
    t.strictSame(TableNames, [TableName])
  })

  t.test('is deleted by sam delete, except for its table', async (t) => {
    const { id, name } = await seedPerson(t, data)

    const deletion = await sam('delete', '--no-prompts')

    t.equal(deletion.code, 0) || console.error(deletion.output)
    t.equal((await greet(id)).statusCode, 404)
    t.equal(await repository.getName(id), name)
    // By its ARN, as a deleted stack has no name. The newest event is the first.
    const pages = paginateDescribeStackEvents(
      { client: cloudFormation },
      { StackName: stack?.StackId }
    )
    const events = (await Array.fromAsync(pages)).flatMap(({ StackEvents = [] }) => StackEvents)
    const status = new Map(
      events.reverse().map((event) => [event.LogicalResourceId, event.ResourceStatus])
    )
    // The versions of a function are deleted with it.
    const isKept = (resource: string) => /^(Table|FunctionVersion\w+)$/.test(resource)
    for (const [resource = '', each] of status)
      t.equal(each, isKept(resource) ? 'DELETE_SKIPPED' : 'DELETE_COMPLETE', resource)
    t.ok(status.has('Table'))
    t.ok(status.has('Function'))
  })

  t.test('leaves no container behind', async (t) => {
    await ministack.stop()
    t.equal(await docker('ps', '--all', '--quiet', '--filter', `ancestor=${image}`), '')
  })
})
