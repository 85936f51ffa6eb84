import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import confirm from '@inquirer/confirm'
import { SingleBar } from 'cli-progress'
import { Command, CommanderError } from 'commander'
import { CsvError } from 'csv-parse'
import { ConfigError } from '../config.ts'
import { isDynamoDBError } from '../dynamodb/failure.ts'
import { isPartitionKey } from '../dynamodb/partition-key.ts'
import type { Repository } from '../hello/repository.ts'
import { importNames } from './import-names.ts'
import { openTable } from './open-table.ts'

/** Where the tool reads and writes: the process, but for tests. */
export interface Terminal {
  env: NodeJS.ProcessEnv
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream & { isTTY?: boolean }
}

/**
 * The names and the history of a table, as a command.
 *
 * @returns the exit code: 0 for done, 1 for nothing found, not all stored or not confirmed, 2 for a
 * wrong command or a table that cannot be used
 */
export async function names(args: string[], terminal: Terminal): Promise<number> {
  const { env, stderr, stdin, stdout } = terminal
  const print = (line: string) => stdout.write(`${line}\n`)
  const tell = (line: string) => stderr.write(`${line}\n`)
  const printJson = (value: unknown) => print(JSON.stringify(value))
  let code = 0

  const program = new Command('npm run names --')
    .description(
      'The names and messages of a table: that of npm start, or, with DYNAMODB_TABLE_NAME, that of the variables of the service.'
    )
    .option('--compose', 'the table of docker compose')
    .option('--stack <name>', 'the table of a deployed stack')
    .option('--json', 'print JSON, a line for each result')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })

  type Options = { compose?: true; stack?: string; json?: true }
  const options = () => program.opts<Options>()

  async function withTable(act: (repository: Repository, table: string) => Promise<void>) {
    const table = await openTable(options(), env)
    try {
      await act(table.repository, table.name)
    } catch (error) {
      if (!isDynamoDBError(error)) throw error
      throw new ConfigError(`${table.name} cannot be used: ${error}.`)
    } finally {
      table.close()
    }
  }

  program
    .command('set <id> <name>')
    .description('store the name of an id')
    .action((id: string, name: string) =>
      withTable(async (repository) => {
        checkId(id)
        if (name === '') throw new ConfigError('The name must not be empty.')
        await repository.putName(id, name)
        if (options().json) printJson({ id, name })
      })
    )

  program
    .command('get <id>')
    .description('print the name of an id')
    .action((id: string) =>
      withTable(async (repository) => {
        checkId(id)
        const name = await repository.getName(id)
        if (name === undefined) {
          tell(`There is no name for ${JSON.stringify(id)}.`)
          code = 1
        } else if (options().json) printJson({ id, name })
        else print(name)
      })
    )

  program
    .command('import <file>')
    .description('store the names of a CSV file with the headers id and name')
    .action((file: string) =>
      withTable(async (repository, table) => {
        let rejected = 0
        const progress = showProgress(await sizeOf(file), stderr)
        const written = await importNames(repository, createReadStream(file), {
          progress: progress.show,
          rejected(line, reason) {
            rejected++
            progress.above(`line ${line}: ${reason}`)
          },
        })
          .catch(explainFile)
          .finally(progress.end)
        if (options().json) printJson({ written, rejected })
        else
          print(
            `${count(written, 'name')} written to ${table}, ${count(rejected, 'row')} rejected.`
          )
        if (rejected > 0) code = 1
      })
    )

  program
    .command('history <id>')
    .description('print the messages of an id, oldest first')
    .action((id: string) =>
      withTable(async (repository) => {
        checkId(id)
        code = 1
        for await (const page of repository.history(id)) {
          for (const { at, message } of page) {
            code = 0
            if (options().json) printJson({ at, message })
            else print(`${at}  ${message}`)
          }
        }
        if (code === 1) tell(`There are no messages for ${JSON.stringify(id)}.`)
      })
    )

  program
    .command('forget <id>')
    .description('delete the name and the messages of an id')
    .option('--yes', 'do not ask')
    .action((id: string, { yes }: { yes?: true }) =>
      withTable(async (repository, table) => {
        checkId(id)
        if (!yes && !stdin.isTTY)
          throw new ConfigError('To forget without being asked, say --yes: this is no terminal.')
        const question = `Delete the name and all messages of ${JSON.stringify(id)} in ${table}?`
        const isSure = yes || (await ask(question, terminal))
        if (isSure) await repository.forget(id)
        else code = 1
        if (options().json) printJson({ id, forgotten: isSure })
      })
    )

  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof ConfigError)) throw error
    tell(error.message)
    return 2
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(explainFile)).size
}

function explainFile(error: Error): never {
  if (error instanceof CsvError)
    throw new ConfigError(
      `The file is no CSV at line ${error.lines}: ${error.message}. Some rows before it may be stored; mend it, and import it again.`
    )
  if ('syscall' in error)
    throw new ConfigError(`The file must be one that can be read: ${error.message}.`)
  throw error
}

// A Ctrl-C is a no.
async function ask(message: string, { stdin, stderr }: Terminal): Promise<boolean> {
  const answer = confirm({ message, default: false }, { input: stdin, output: stderr })
  return answer.catch(() => false)
}

function checkId(id: string): void {
  if (!isPartitionKey(id)) throw new ConfigError('The id must be 1 to 2,048 bytes of UTF-8.')
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`
}

/** A bar on a terminal, else a line now and then. */
function showProgress(size: number, stderr: Terminal['stderr']) {
  const above = (line: string) => stderr.write(`${line}\n`)
  if (!stderr.isTTY) {
    let next = 10_000
    const show = (written: number) => {
      if (written < next) return
      above(`${count(written, 'name')} written`)
      next += 10_000
    }
    return { show, above, end() {} }
  }

  const bar = new SingleBar({
    stream: stderr,
    format: '{bar} {percentage} % | {written} names | {eta_formatted} left',
    hideCursor: true,
  })
  bar.start(size, 0, { written: 0 })
  return {
    show: (written: number, bytes: number) => bar.update(bytes, { written }),
    above(line: string) {
      stderr.write('\r\u001b[K')
      above(line)
    },
    end: () => bar.stop(),
  }
}

if (import.meta.main) process.exitCode = await names(process.argv.slice(2), process)
