import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseTemplate } from './parse-template.ts'

const Named = <T extends TSchema>(schema: T) => Type.Record(Type.String(), schema)

const Template = Type.Object({
  Resources: Named(
    Type.Object({ Type: Type.String(), Properties: Type.Optional(Named(Type.Unknown())) })
  ),
})

const KeySchema = Type.Array(
  Type.Object({ AttributeName: Type.String(), KeyType: Type.Enum(['HASH', 'RANGE']) })
)
const Throughput = Type.Object({
  ReadCapacityUnits: Type.Integer(),
  WriteCapacityUnits: Type.Integer(),
})
const SecondaryIndexes = Type.Array(
  Type.Object({
    IndexName: Type.String(),
    KeySchema,
    Projection: Type.Object({
      ProjectionType: Type.Enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
      NonKeyAttributes: Type.Optional(Type.Array(Type.String())),
    }),
    ProvisionedThroughput: Type.Optional(Throughput),
  })
)

// The properties of AWS::DynamoDB::Table that CreateTable takes in the same form. What is left out,
// like encryption and backups, makes no difference to an emulator.
const TableDefinition = Type.Object({
  AttributeDefinitions: Type.Array(
    Type.Object({ AttributeName: Type.String(), AttributeType: Type.Enum(['S', 'N', 'B']) })
  ),
  KeySchema,
  BillingMode: Type.Optional(Type.Enum(['PAY_PER_REQUEST', 'PROVISIONED'])),
  ProvisionedThroughput: Type.Optional(Throughput),
  GlobalSecondaryIndexes: Type.Optional(SecondaryIndexes),
  LocalSecondaryIndexes: Type.Optional(SecondaryIndexes),
})

/** The input of CreateTable but for the table's name. */
export type TableDefinition = Static<typeof TableDefinition>

/**
 * Reads the definition of the one table in a CloudFormation or SAM template. These properties must not
 * use intrinsic functions, such as !If and !Ref.
 *
 * @throws {Error} when there is not one table, or one of its properties is not as CreateTable has it
 */
export function readTableDefinition(template: string): TableDefinition {
  const { Resources } = decode(Template, parseTemplate(template))
  const tables = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table')
  const [[logicalId, { Properties = {} }] = ['', {}]] = tables
  if (tables.length !== 1) throw new Error(`the template has ${tables.length} tables, not one`)
  const known = Object.entries(Properties).filter(([name]) => name in TableDefinition.properties)
  return decode(TableDefinition, Object.fromEntries(known), logicalId)
}

// A number may be text in a template.
function decode<T extends TSchema>(schema: T, value: unknown, path = ''): Static<T> {
  const decoded = Value.Clean(schema, Value.Convert(schema, value))
  if (Value.Check(schema, decoded)) return decoded
  const errors = Value.Errors(schema, decoded)
  throw new Error(
    errors.map(({ instancePath, message }) => `${path}${instancePath} ${message}`).join('; ')
  )
}
