import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'
import { missingProgram } from '../support/missing-program.ts'
import { noSam } from '../support/sam.ts'

const run = promisify(execFile)
const env = {
  ...process.env,
  // The SAM CLI requires them, and uses them for nothing.
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_DEFAULT_REGION: 'eu-central-1',
  SAM_CLI_TELEMETRY: '0',
}

const Parameter = Type.Object({
  Type: Type.Enum(['String', 'Number']),
  Default: Type.Union([Type.String(), Type.Number()]),
  AllowedValues: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Number()]))),
  MinValue: Type.Optional(Type.Number()),
  MaxValue: Type.Optional(Type.Number()),
})
const Template = Type.Object({ Parameters: Type.Record(Type.String(), Parameter) })

/** Values of the parameters that are free text. */
const texts: Record<string, string> = {
  AlarmEmail: 'operator@example.com',
  ReservedConcurrency: '10',
  Version: '1a2b3c4',
}

/**
 * Returns values of a parameter: its default, the lowest and the highest, or the first and the last.
 * (cfn-lint checks all values of a list by itself, where a property refers to the parameter.)
 */
function valuesOf([name, parameter]: [string, Static<typeof Parameter>]) {
  const { AllowedValues = [], Default, MinValue, MaxValue, Type } = parameter
  const limits = Type === 'Number' ? [MinValue ?? 1, MaxValue ?? 1000] : [texts[name]]
  const values = AllowedValues.length > 0 ? [AllowedValues[0], AllowedValues.at(-1)] : limits
  return [...new Set([Default, ...values])]
}

const skip =
  (await noSam()) ||
  (await missingProgram('cfn-lint', '--version', 'cfn-lint (pip install cfn-lint)'))

// Each start of the SAM CLI takes seconds, on a busy machine ten.
const timeout = 300_000

t.setTimeout(timeout)
t.test('the template is valid with each value of each parameter', { skip, timeout }, async (t) => {
  const template = parseTemplate(
    await readFile(new URL('../../template.yaml', import.meta.url), 'utf8')
  )
  const parameters = Object.entries(Value.Parse(Template, template).Parameters)
  const values = parameters.map((entry) => ({ name: entry[0], values: valuesOf(entry) }))
  for (const { name, values: each } of values)
    t.ok(each.length > 1 && !each.includes(undefined), name)

  // The first template has the defaults, the second one the second value of each parameter, and so on.
  const count = Math.max(...values.map(({ values }) => values.length))
  const folder = t.testdir()
  const paths = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      for (const { name, values: each } of values)
        template.Parameters[name].Default = each[index % each.length]
      const path = `${folder}/${index}.yaml`
      await writeFile(path, JSON.stringify(template))
      return path
    })
  )

  await t.resolves(run('cfn-lint', paths, { env }), 'cfn-lint')
  for (const path of paths) {
    // Without --lint, it transforms the template as CloudFormation does.
    for (const options of [['--lint'], []])
      await t.resolves(run('sam', ['validate', ...options, '--template', path], { env }), path)
  }
})
