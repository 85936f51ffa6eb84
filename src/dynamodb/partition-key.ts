/** The formats of strings in schemas, beyond those of JSON Schema. */
export const formats = { 'partition-key': isPartitionKey }

/**
 * Whether DynamoDB accepts a text as a partition key: 1 to 2,048 bytes of UTF-8 (Amazon DynamoDB
 * Developer Guide, "Constraints"). JSON Schema's maxLength would count characters.
 */
export function isPartitionKey(text: string): boolean {
  return text.length > 0 && Buffer.byteLength(text) <= 2048 && text.isWellFormed()
}
