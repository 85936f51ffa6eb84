import { readFileSync } from 'node:fs'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseTemplate } from '../../src/dynamodb/parse-template.ts'

const Template = Type.Object({
  Resources: Type.Record(
    Type.String(),
    Type.Object({
      Type: Type.String(),
      Condition: Type.Optional(Type.String()),
      Properties: Type.Unknown(),
    })
  ),
})

const Filter = Type.Object({
  LogGroupName: Type.Object({ Ref: Type.Literal('FunctionLogs') }),
  FilterPattern: Type.String(),
  MetricTransformations: Type.Tuple([
    Type.Object({
      MetricNamespace: Type.Object({ Ref: Type.String() }),
      MetricName: Type.String(),
      MetricValue: Type.String(),
      Dimensions: Type.Optional(
        Type.Array(Type.Object({ Key: Type.String(), Value: Type.String() }))
      ),
    }),
  ]),
})

const path = new URL('../../template.yaml', import.meta.url)
const template = Value.Parse(Template, parseTemplate(readFileSync(path, 'utf8')))

/** Returns the resources of a type in template.yaml. */
export function resources(type: string) {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([name, { Condition, Properties }]) => ({
      name,
      condition: Condition,
      properties: Properties,
    }))
}

/** The metrics that template.yaml makes of the log lines of the function. */
export const metricFilters = resources('AWS::Logs::MetricFilter').map(({ properties }) => {
  const { FilterPattern, MetricTransformations } = Value.Parse(Filter, properties)
  const [{ MetricNamespace, MetricName, MetricValue, Dimensions = [] }] = MetricTransformations
  return {
    namespace: `\${${MetricNamespace.Ref}}`,
    name: MetricName,
    pattern: FilterPattern,
    value: MetricValue,
    dimensions: Object.fromEntries(Dimensions.map(({ Key, Value }) => [Key, Value])),
  }
})

/**
 * Returns what a filter makes of a log line, as CloudWatch Logs would: the value and the dimensions of a
 * metric; `undefined` if its pattern does not match. It knows the patterns of template.yaml.
 * (Amazon CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events")
 */
export function applyFilter({ pattern, value, dimensions }: MetricFilter, line: string) {
  const [, selector = '', condition] = /^\{ (\$\S+) (= \*|= "\w+"|IS TRUE) \}$/.exec(pattern) ?? []
  if (!condition) throw new Error(`unknown pattern ${pattern}`)
  const field = select(line, selector)
  if (!matches(field, condition)) return undefined
  return {
    // A text such as "1" is a constant.
    value: value.startsWith('$') ? select(line, value) : Number(value),
    dimensions: Object.fromEntries(
      Object.entries(dimensions).map(([key, selector]) => [key, select(line, selector)])
    ),
  }
}

type MetricFilter = (typeof metricFilters)[number]

function matches(field: unknown, condition: string): boolean {
  if (condition === 'IS TRUE') return field === true
  // Objects and lists match nothing.
  if (condition === '= *') return typeof field === 'string' || typeof field === 'number'
  return condition === `= "${field}"`
}

/** Returns the field of a line that a selector such as `$.dynamodb[0].ms` is about. */
function select(line: string, selector: string): unknown {
  let field: unknown = JSON.parse(line)
  for (const [name] of selector.matchAll(/[\w-]+/g)) {
    if (typeof field !== 'object' || field === null) return undefined
    field = Object.entries(field).find(([key]) => key === name)?.[1]
  }
  return field
}
