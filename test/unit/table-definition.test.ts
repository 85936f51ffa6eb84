import t from 'tap'
import { readTableDefinition } from '../../src/local/table-definition.ts'

/** A template whose table has these properties, besides a key. */
function template(properties: string, rest = ''): string {
  return `
Resources:
  Function: { Type: AWS::Serverless::Function }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !ImportValue not-for-us
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }]
      ${properties}
${rest}`
}

const key = {
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
}

const billingByStage = template(
  'BillingMode: !If [IsLive, PROVISIONED, PAY_PER_REQUEST]',
  `
Parameters:
  Stage: { Type: String, Default: test }
  Region: { Type: String }
Conditions:
  IsLive: CONDITION
`
)

t.test('what CreateTable takes is read as it stands', async (t) => {
  const definition = readTableDefinition(
    template(`
      BillingMode: PROVISIONED
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: '6' }
      GlobalSecondaryIndexes:
        - IndexName: by-data
          KeySchema: [{ AttributeName: data, KeyType: HASH }]
          Projection: { ProjectionType: INCLUDE, NonKeyAttributes: [SK] }
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }`)
  )
  t.strictSame(definition, {
    ...key,
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-data',
        KeySchema: [{ AttributeName: 'data', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['SK'] },
      },
    ],
  })
})

t.test('!Ref gives the default of a parameter, or what overrides it', async (t) => {
  const text = template(
    'ProvisionedThroughput: { ReadCapacityUnits: !Ref Units, WriteCapacityUnits: { Ref: Units } }',
    'Parameters: { Units: { Type: Number, Default: 5 } }'
  )
  const units = (overrides?: Record<string, string>) =>
    readTableDefinition(text, overrides).ProvisionedThroughput
  t.strictSame(units(), { ReadCapacityUnits: 5, WriteCapacityUnits: 5 })
  t.strictSame(units({ Units: '7' }), { ReadCapacityUnits: 7, WriteCapacityUnits: 7 })
})

t.test('!Ref AWS::NoValue leaves a property, or an item of a list, out', async (t) => {
  const definition = readTableDefinition(
    template(`
      BillingMode: !Ref AWS::NoValue
      LocalSecondaryIndexes: [!Ref AWS::NoValue]`)
  )
  t.strictSame(definition, { ...key, LocalSecondaryIndexes: [] })
})

const conditions: [condition: string, stage: string, holds: boolean][] = [
  ['!Equals [!Ref Stage, live]', 'live', true],
  ['!Equals [!Ref Stage, live]', 'test', false],
  ['!Equals [!Ref Stage, 1]', '1', true],
  ['!Not [!Equals [!Ref Stage, live]]', 'test', true],
  ['!Not [!Equals [!Ref Stage, live]]', 'live', false],
  ['!Or [!Equals [!Ref Stage, live], !Equals [!Ref Stage, beta]]', 'beta', true],
  ['!Or [!Equals [!Ref Stage, live], !Equals [!Ref Stage, beta]]', 'test', false],
  ['!And [!Condition Always, !Equals [!Ref Stage, live]]', 'live', true],
  ['!And [!Condition Always, !Equals [!Ref Stage, live]]', 'test', false],
  ['!Equals [!Sub "${Stage}-${!x}", "live-${x}"]', 'live', true],
  ['!Equals [!Sub ["${Stage}-${Other}", { Other: !Ref Stage }], live-live]', 'live', true],
]
for (const [condition, stage, holds] of conditions) {
  t.test(`!If over ${condition}, where Stage is ${stage}`, async (t) => {
    const text = billingByStage.replace('CONDITION', `${condition}\n  Always: !Equals [a, a]`)
    const { BillingMode } = readTableDefinition(text, { Stage: stage })
    t.equal(BillingMode, holds ? 'PROVISIONED' : 'PAY_PER_REQUEST')
  })
}

const unresolvable: [property: string, message: string][] = [
  ['BillingMode: !Ref Region', 'cannot resolve Ref "Region"'],
  ['BillingMode: !Ref AWS::Region', 'cannot resolve Ref "AWS::Region"'],
  ['BillingMode: !Sub "${AWS::StackName}"', 'cannot resolve Fn::Sub "AWS::StackName"'],
  ['BillingMode: !If [Unknown, a, b]', 'cannot resolve Condition "Unknown"'],
  ['BillingMode: !If nonsense', 'cannot resolve Condition undefined'],
  ['BillingMode: !FindInMap [a, b, c]', 'cannot resolve Fn::FindInMap'],
  ['GlobalSecondaryIndexes: [{ IndexName: !GetAtt A.B }]', 'cannot resolve Fn::GetAtt'],
]
for (const [property, message] of unresolvable) {
  t.test(`an error names what cannot be resolved: ${property}`, async (t) => {
    const text = template(property, 'Parameters: { Region: { Type: String } }')
    t.throws(() => readTableDefinition(text), { message })
  })
}

t.test('an error tells where a table is not as DynamoDB has it', async (t) => {
  t.throws(() => readTableDefinition(template('BillingMode: FREE')), {
    message: 'Table/BillingMode must be equal to one of the allowed values',
  })
  t.throws(() => readTableDefinition('Resources: { T: { Type: AWS::DynamoDB::Table } }'), {
    message: 'T must have required properties AttributeDefinitions, KeySchema',
  })
})

t.test('a template must have one table', async (t) => {
  t.throws(() => readTableDefinition('Resources: {}'), {
    message: 'the template has 0 tables, not one',
  })
  const two = template('', '').concat('  Other: { Type: AWS::DynamoDB::Table }')
  t.throws(() => readTableDefinition(two), { message: 'the template has 2 tables, not one' })
})
