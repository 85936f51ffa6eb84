import { isPartitionKey } from '../dynamodb/partition-key.ts'
import { messageFor } from './greeter.ts'
import type { Name } from './repository.ts'

// The maximum size of an item. (Amazon DynamoDB Developer Guide, "Constraints")
const itemBytes = 400 * 1024

// A sort key and a time to live as the service writes them. The size of a number is one byte for two
// digits, and one more. (Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats")
const messageKey = 'TS#2026-11-22T19:17:26.22300931191140744292828Z'
const timeToLiveBytes = 10 / 2 + 1

/**
 * Checks whether the service can greet a name: DynamoDB must store the name unchanged, and also the
 * item of its message, which is larger than the item of the name.
 *
 * @returns the reason why it cannot be greeted; `undefined` if it can
 */
export function explainUngreetable({ id, name }: Name): string | undefined {
  if (!isPartitionKey(id)) return 'the id must be 1 to 2,048 bytes of UTF-8'
  if (name === '') return 'the name must not be empty'
  if (!name.isWellFormed()) return 'the name must be well-formed Unicode'
  const message = `PK${id}SK${messageKey}data${messageFor(name)}expires`
  if (Buffer.byteLength(message) + timeToLiveBytes > itemBytes)
    return 'the name is too long: the item of its message would be larger than 400 KB'
  return undefined
}
