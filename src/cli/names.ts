import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import confirm from '@inquirer/confirm'
import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config.ts'
import { isDynamoDBError } from '../dynamodb/failure.ts'
import { isPartitionKey } from '../dynamodb/partition-key.ts'
import { explainUngreetable } from '../hello/greetable.ts'
import type { Repository } from '../hello/repository.ts'
import { importNames } from './import-names.ts'
import { openTable } from './open-table.ts'
import { lineWriter, whileOutputWorks } from './output.ts'
import { count, showProgress } from './progress.ts'

/** The streams and variables of the tool: those of the process, except in tests. */
export interface Terminal {
  env: NodeJS.ProcessEnv
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream & { isTTY?: boolean }
}

/**
 * Runs the command for the names and the messages of a table.
 *
 * @returns the exit code: 0 when it is done; 1 when nothing is found, a row is rejected or the
 * deletion is not confirmed; 2 when the command, the file or a variable is wrong, or the table or the
 * output cannot be used; 141 when the reader of the output is gone
 */
export function names(args: string[], terminal: Terminal): Promise<number> {
  return whileOutputWorks(() => runCommand(args, terminal), terminal.stderr)
}

async function runCommand(args: string[], terminal: Terminal): Promise<number> {
  const { env, stderr, stdin, stdout } = terminal
  const print = lineWriter(stdout)
  const printError = (line: string) => stderr.write(`${line}\n`)
  const printJson = (value: unknown) => print(JSON.stringify(value))
  let code = 0
  let help = ''

  const program = new Command('npm run names --')
    .description(
      'Reads and writes the names and messages of a table. By default, it is the table of npm start or, if DYNAMODB_TABLE_NAME is set, that table, with the variables of the service.'
    )
    .option('--compose', 'use the table of docker compose')
    .option('--stack <name>', 'use the table of a deployed stack')
    .option('--json', 'print one line of JSON for each result')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        help += text
      },
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
      const reason = String(error).replace(/\.*$/, '.')
      throw new ConfigError(`${table.name} cannot be used: ${reason}`)
    } finally {
      table.close()
    }
  }

  program
    .command('set <id> <name>')
    .description('store the name of an id')
    .action((id: string, name: string) =>
      withTable(async (repository) => {
        const reason = explainUngreetable({ id, name })
        if (reason) throw new ConfigError(`The name is not stored: ${reason}.`)
        // Node.js replaces bytes of an argument that are not UTF-8 by U+FFFD.
        if (`${id}${name}`.includes('\ufffd'))
          throw new ConfigError(
            'The name is not stored: the id or the name is not UTF-8, or has the replacement character U+FFFD.'
          )
        await repository.putName(id, name)
        if (options().json) await printJson({ id, name })
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
          printError(`There is no name for ${JSON.stringify(id)}.`)
          code = 1
        } else if (options().json) await printJson({ id, name })
        else await print(name)
      })
    )

  program
    .command('import <file>')
    .summary('store the names of a CSV file')
    .description(importHelp)
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
        if (options().json) await printJson({ written, rejected })
        else
          await print(
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
            if (options().json) await printJson({ at, message })
            else await print(`${at}  ${message}`)
          }
        }
        if (code === 1) printError(`There are no messages for ${JSON.stringify(id)}.`)
      })
    )

  program
    .command('forget <id>')
    .description('delete the name and the messages of an id')
    .option('--yes', 'do not ask for confirmation')
    .action((id: string, { yes }: { yes?: true }) =>
      withTable(async (repository, table) => {
        checkId(id)
        if (!yes && !stdin.isTTY)
          throw new ConfigError(
            'The confirmation needs a terminal; use --yes to delete without it.'
          )
        const question = `Delete the name and all messages of ${JSON.stringify(id)} in ${table}?`
        const isSure = yes || (await ask(question, terminal))
        if (isSure) await repository.forget(id)
        else code = 1
        if (options().json) await printJson({ id, forgotten: isSure })
      })
    )

  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      await print(help.trimEnd())
      return 0
    }
    if (error instanceof CommanderError) return 2
    if (!(error instanceof ConfigError)) throw error
    printError(error.message)
    return 2
  }
}

const importHelp = [
  'Stores the names of a CSV file.',
  'The file must be UTF-8. Its first line must have the headers id and name; other columns are ignored. A line ends with LF, CRLF or CR. Empty lines are ignored. Each other row must have as many fields as the headers. If an id occurs again, the first row counts, and a row with another name is rejected.',
  'Rejected rows are printed with their line numbers; the other rows are stored. The exit code is 0 only if each name of the file is stored. An import can run again: it replaces the names that are stored.',
].join('\n\n')

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(explainFile)).size
}

function explainFile(error: Error): never {
  if ('syscall' in error) throw new ConfigError(`The file cannot be imported: ${error.message}.`)
  throw error
}

// Ctrl-C means no.
async function ask(message: string, { stdin, stderr }: Terminal): Promise<boolean> {
  const answer = confirm({ message, default: false }, { input: stdin, output: stderr })
  return answer.catch(() => false)
}

function checkId(id: string): void {
  if (!isPartitionKey(id)) throw new ConfigError('The id must be 1 to 2,048 bytes of UTF-8.')
}

if (import.meta.main) process.exitCode = await names(process.argv.slice(2), process)
