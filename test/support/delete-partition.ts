import { DeleteCommand, type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'

/** Deletes all items of a partition, whatever resource they belong to. */
export async function deletePartition(
  client: DynamoDBDocumentClient,
  TableName: string,
  partitionKey: string
): Promise<void> {
  const query = {
    TableName,
    KeyConditionExpression: 'PK = :pk',
    ExpressionAttributeValues: { ':pk': partitionKey },
    ConsistentRead: true,
  }
  for await (const { Items = [] } of paginateQuery({ client, pageSize: 25 }, query)) {
    const keys = Items.map(({ PK, SK }) => ({ PK, SK }))
    await Promise.all(keys.map((Key) => client.send(new DeleteCommand({ TableName, Key }))))
  }
}
