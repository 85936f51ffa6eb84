import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'
import { docker } from './docker.ts'
import { missingProgram } from './missing-program.ts'

const run = promisify(execFile)

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Returns the reason why the SAM CLI cannot be used here, and the remedy; `false` if it can. */
export function noSam(): Promise<string | false> {
  return missingProgram('sam', '--version', 'the SAM CLI (pip install aws-sam-cli)')
}

interface Adaptation {
  /** The tag of the adapted image. */
  tag: string
  /** Returns the Dockerfile of the adapted image. */
  dockerfile(image: string): string | Promise<string>
  /** Environment variables of the function, in addition to those of the template. */
  variables?: Record<string, string>
}

/**
 * Builds the stack with `sam build` into a folder, and adapts its image to an emulator of Lambda. Returns
 * the path of the built template.
 */
export async function buildStack(
  folder: string,
  { tag, dockerfile, variables }: Adaptation
): Promise<string> {
  const build = `${folder}/.aws-sam/build`
  await run('sam', ['build', '--use-buildkit', '--build-dir', build], { cwd: root })
  const path = `${build}/template.yaml`
  const template = parseTemplate(await readFile(path, 'utf8'))
  const { Properties } = template.Resources.Function
  await writeFile(`${folder}/Dockerfile`, await dockerfile(Properties.ImageUri))
  await docker('build', '--quiet', '--tag', tag, folder)
  Properties.ImageUri = tag
  Object.assign(Properties.Environment.Variables, variables)
  await writeFile(path, JSON.stringify(template))
  return path
}
