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
