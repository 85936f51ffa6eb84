import { startDynamoDBStub } from '../src/image/dynamodb-stub.ts'

/** A process that stands in for DynamoDB; it tells its parent the variables of who uses it. */
const { env } = await startDynamoDBStub()
process.send?.(env)
