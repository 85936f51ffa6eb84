import { createReadStream } from 'node:fs'
import confirm from '@inquirer/confirm'
import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config.ts'
import { isSdkError } from '../dynamodb/failure.ts'
import { isPartitionKey } from '../dynamodb/partition-key.ts'
import { explainInvalid, importNames } from './import-names.ts'
import { type OpenTable, openTable } from './open-table.ts'
import { lineWriter, whileOutputWorks } from './output.ts'

/** The streams and variables of the tool: those of the process, except in tests. */
export interface Terminal {
  env: NodeJS.ProcessEnv
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
}

/** Runs the command for the names and messages of a table; returns the exit code, as in README.md. */
export function names(args: string[], terminal: Terminal): Promise<number> {
  return whileOutputWorks(() => runCommand(args, terminal), terminal.stderr)
}

async function runCommand(args: string[], terminal: Terminal): Promise<number> {
  const { env, stdin, stdout, stderr } = terminal
  const print = lineWriter(stdout)
  const printError = (line: string) => stderr.write(`${line}\n`)
  const help: string[] = []
  let code = 0

  const program = new Command('npm run names --')
    .description(
      'Reads and writes the names and messages of a table. By default, it is the table of npm start or, if DYNAMODB_TABLE_NAME is set, that table, with the variables of the service.'
    )
    .option('--compose', 'use the table of docker compose')
    .option('--stack <name>', 'use the table of a deployed stack')
    .option('--json', 'print one line of JSON for each result')
    .option('--yes', 'forget without a question')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => help.push(text),
      writeErr: (text) => stderr.write(text),
    })
  const options = () => program.opts<{ compose?: true; stack?: string; json?: true; yes?: true }>()

  async function printResult(result: object, text?: string): Promise<void> {
    if (options().json) await print(JSON.stringify(result))
    else if (text !== undefined) await print(text)
  }

  function notFound(what: string, id: string): number {
    printError(`There ${what} for ${JSON.stringify(id)}.`)
    return 1
  }

  /** Adds a command, which acts on a table and returns the exit code. */
  function command(
    usage: string,
    description: string,
    act: (table: OpenTable, argument: string, name: string) => Promise<number>
  ): Command {
    async function action(argument: string, name: string): Promise<void> {
      const table = await openTable(options(), env)
      try {
        if (usage.includes('<id>') && !isPartitionKey(argument))
          throw new ConfigError('The id must be 1 to 2,048 bytes of UTF-8.')
        code = await act(table, argument, name)
      } catch (error) {
        const reason = String(error).replace(/\.*$/, '.')
        if (isSdkError(error)) throw new ConfigError(`${table.name} cannot be used: ${reason}`)
        if (error instanceof Error && 'syscall' in error)
          throw new ConfigError(`The file cannot be imported: ${error.message}.`)
        throw error
      } finally {
        table.close()
      }
    }
    return program.command(usage).description(description).action(action)
  }

  command('set <id> <name>', 'store the name of an id', async ({ repository }, id, name) => {
    const reason = (id + name).toWellFormed().includes('\ufffd')
      ? 'the id or the name is not UTF-8, or has the replacement character U+FFFD'
      : explainInvalid({ id, name })
    if (reason) throw new ConfigError(`The name is not stored: ${reason}.`)
    await repository.putName(id, name)
    await printResult({ id, name })
    return 0
  })

  command('get <id>', 'print the name of an id', async ({ repository }, id) => {
    const name = await repository.getName(id)
    if (name === undefined) return notFound('is no name', id)
    await printResult({ id, name }, name)
    return 0
  })

  command('import <file>', importHelp, async ({ repository, name }, file) => {
    const result = await importNames(repository, createReadStream(file), printError)
    const { written, rejected } = result
    const text = `${count(written, 'name')} written to ${name}, ${count(rejected, 'row')} rejected.`
    await printResult(result, text)
    return rejected > 0 ? 1 : 0
  }).summary('store the names of a CSV file')

  command(
    'history <id>',
    'print the messages of an id, oldest first',
    async ({ repository }, id) => {
      let found = false
      for await (const { at, message } of repository.history(id)) {
        found = true
        await printResult({ at, message }, `${at}  ${message}`)
      }
      return found ? 0 : notFound('are no messages', id)
    }
  )

  command('forget <id>', 'delete the name and the messages of an id', async (table, id) => {
    const { repository, name } = table
    const { yes } = options()
    if (!yes && !stdin.isTTY)
      throw new ConfigError('The confirmation needs a terminal; use --yes to delete without it.')
    const message = `Delete the name and all messages of ${JSON.stringify(id)} in ${name}?`
    // Ctrl-C means no.
    const ask = () =>
      confirm({ message, default: false }, { input: stdin, output: stderr }).catch(() => false)
    const forgotten = yes ?? (await ask())
    if (forgotten) await repository.forget(id)
    await printResult({ id, forgotten })
    return forgotten ? 0 : 1
  })

  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      await print(help.join('').trimEnd())
      return 0
    }
    if (error instanceof ConfigError) printError(error.message)
    else if (!(error instanceof CommanderError)) throw error
    return 2
  }
}

const importHelp =
  'Stores the names of a CSV file in UTF-8, whose first line has the headers id and name; other columns are ignored. Rows that cannot be stored are printed by line number, and the others are stored. If an id occurs again, the first row counts, and a row with another name is rejected. The exit code is 0 only if each name of the file is stored. An import can run again.'

function count(number: number, thing: string): string {
  return `${number.toLocaleString('en')} ${thing}${number === 1 ? '' : 's'}`
}

if (import.meta.main) process.exitCode = await names(process.argv.slice(2), process)
