import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createRepository } from '../../src/hello/repository.ts'
import { mockTable } from '../support/mocked-table.ts'
import { inject } from '../targets/inject.ts'

/** Builds the app over a mocked table without items. */
function start(t: Test) {
  const config = readConfig({ DYNAMODB_TABLE_NAME: 'greetings', LOG_LEVEL: 'silent' })
  const { client, commands } = mockTable()
  const app = buildApp({ client, config })
  t.teardown(() => app.close())
  return { client, commands, greet: () => inject(app, { path: '/hello/1' }) }
}

/** The sort keys of the items that are written. */
function sortKeys(commands: object[]): string[] {
  return commands.flatMap((command) =>
    command instanceof PutCommand ? String(command.input.Item?.SK) : []
  )
}

t.test('a greeting makes one GetItem and one PutItem', async (t) => {
  const { commands, greet } = start(t)

  await greet()

  const [read, write] = commands
  t.type(read, GetCommand)
  t.type(write, PutCommand)
  t.strictSame(
    commands.map(({ input }) => input),
    [
      { TableName: 'greetings', Key: { PK: '1', SK: 'NAME#' } },
      {
        TableName: 'greetings',
        Item: {
          PK: '1',
          SK: sortKeys(commands)[0],
          data: 'NOTFOUND: Name Not Found for ID 1',
        },
      },
    ]
  )
})

t.test(
  'the sort key of a message has the date, the time and at least 12 random digits',
  async (t) => {
    const { commands, greet } = start(t)

    await greet()
    await greet()

    const keys = sortKeys(commands)
    t.equal(keys.length, 2)
    for (const key of keys) t.match(key, /^TS#\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\d{12,}Z$/)
    t.equal(new Set(keys.map((key) => key.slice(-13))).size, 2)
  }
)

t.test('a name item whose data is not a string counts as no name', async (t) => {
  const { client, greet } = start(t)

  for (const data of [undefined, null, 7, ['Ada'], { name: 'Ada' }]) {
    const Item = { PK: '1', SK: 'NAME#', data }
    await client.send(new PutCommand({ TableName: 'greetings', Item }))
    t.equal((await greet()).body, 'NOTFOUND: Name Not Found for ID 1')
  }
})

t.test('to forget an id deletes no items of other resources in its partition', async () => {
  const { client } = mockTable()
  const repository = createRepository(client, 'greetings')
  await repository.putName('1', 'Ada')
  await repository.putMessage('1', 'Hello Ada!')
  const Key = { PK: '1', SK: 'ORDER#1' }
  await client.send(new PutCommand({ TableName: 'greetings', Item: Key }))

  await repository.forget('1')

  t.equal(await repository.getName('1'), undefined)
  t.strictSame(await Array.fromAsync(repository.history('1')), [])
  t.strictSame((await client.send(new GetCommand({ TableName: 'greetings', Key }))).Item, Key)
})
