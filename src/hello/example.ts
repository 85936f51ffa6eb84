/**
 * One request, what DynamoDB responds to the requests that it causes, and its response. The build sends
 * it to the function for the code cache, and the benchmark measures it.
 */
export const example = {
  request: { method: 'GET', resource: '/hello/{id}', path: '/hello/1', headers: { accept: '*/*' } },
  database: { GetItem: { Item: { data: { S: 'Ada' } } }, PutItem: {} },
  response: { status: 200, body: 'Hello Ada!' },
}
