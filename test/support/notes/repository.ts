import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'

// Each note has its owner as its partition key (PK), and NOTE# and its own name as its sort key (SK).
const NOTE = 'NOTE#'

export type Repository = ReturnType<typeof createRepository>

/** The only code that knows the items of notes. */
export function createRepository(client: DynamoDBDocumentClient, TableName: string) {
  async function put(owner: string, note: string, content: object, abortSignal: AbortSignal) {
    // No response may contain `secret`.
    const Item = { ...content, secret: 'internal', PK: owner, SK: NOTE + note }
    await client.send(new PutCommand({ TableName, Item }), { abortSignal })
  }

  async function remove(owner: string, note: string, abortSignal: AbortSignal) {
    const command = new DeleteCommand({ TableName, Key: { PK: owner, SK: NOTE + note } })
    await client.send(command, { abortSignal })
  }

  /** The notes of an owner after a note, in order; `next` is the last one if there may be more. */
  async function list(owner: string, page: { limit: number; after?: string }, signal: AbortSignal) {
    const command = new QueryCommand({
      TableName,
      KeyConditionExpression: 'PK = :owner AND begins_with(SK, :note)',
      ExpressionAttributeValues: { ':owner': owner, ':note': NOTE },
      ExclusiveStartKey: page.after ? { PK: owner, SK: NOTE + page.after } : undefined,
      Limit: page.limit,
      ConsistentRead: true,
    })
    const { Items = [], LastEvaluatedKey } = await client.send(command, { abortSignal: signal })
    const notes = Items.map(({ PK, SK, text, color, ...others }) => ({
      note: String(SK).slice(NOTE.length),
      text: String(text),
      color: String(color),
      ...others,
    }))
    return { notes, next: LastEvaluatedKey && notes.at(-1)?.note }
  }

  return { put, remove, list }
}
