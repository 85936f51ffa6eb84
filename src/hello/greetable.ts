import { isPartitionKey } from '../dynamodb/partition-key.ts'
import { messageFor } from './greeter.ts'
import { messageItemBytes, type Name } from './repository.ts'

// The maximum size of an item. (Amazon DynamoDB Developer Guide, "Constraints")
const maxItemBytes = 400 * 1024

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
  if (messageItemBytes(id, messageFor(name)) > maxItemBytes)
    return 'the name is too long: the item of its message would be larger than 400 KB'
  return undefined
}
