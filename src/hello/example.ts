/**
 * A request, as API Gateway sends it to the function; what DynamoDB responds to the requests that it
 * causes; and its response. The build sends it to the function for the code cache, the benchmark measures
 * it.
 */
export const example = {
  event: {
    httpMethod: 'GET',
    path: '/hello/1',
    pathParameters: { id: '1' },
    headers: { accept: '*/*' },
    requestContext: {
      resourcePath: '/hello/{id}',
      stage: 'Prod',
      path: '/Prod/hello/1',
      domainName: 'api.example.com',
      identity: { sourceIp: '192.0.2.1' },
    },
  },
  database: { GetItem: { Item: { data: { S: 'Ada' } } }, PutItem: {} },
  response: { status: 200, body: 'Hello Ada!' },
}
