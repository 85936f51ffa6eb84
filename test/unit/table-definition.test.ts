import t from 'tap'
import { readTableDefinition } from '../../src/dynamodb/table-definition.ts'

/** Returns a template whose table has these properties and a key. */
function template(properties: string): string {
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
`
}

const key = {
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
}

t.test('the properties that CreateTable takes are read unchanged', async (t) => {
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

t.test('an error names the property that uses an intrinsic function', async (t) => {
  t.throws(() => readTableDefinition(template('BillingMode: !If [IsLive, PROVISIONED, FREE]')), {
    message: /^Table\/BillingMode must /,
  })
})

t.test('an error names the property that CreateTable would not take', async (t) => {
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
  const two = template('').concat('  Other: { Type: AWS::DynamoDB::Table }')
  t.throws(() => readTableDefinition(two), { message: 'the template has 2 tables, not one' })
})
