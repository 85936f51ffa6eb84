import type { Repository } from './repository.ts'

export interface Greeting {
  known: boolean
  message: string
}

/**
 * Looks the name up, makes the message and records it. It resolves after the message is recorded, so
 * each message that a client gets is in the table.
 *
 * @throws the AWS SDK's error when DynamoDB fails, or once `signal` aborts
 */
export async function greet(
  repository: Pick<Repository, 'getName' | 'putMessage'>,
  id: string,
  signal: AbortSignal
): Promise<Greeting> {
  const name = await repository.getName(id, signal)
  const known = name !== undefined
  const message = known ? `Hello ${name}!` : `NOTFOUND: Name Not Found for ID ${id}`
  await repository.putMessage(id, message, signal)
  return { known, message }
}
