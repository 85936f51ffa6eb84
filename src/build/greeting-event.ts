/** What API Gateway makes of `GET /hello/1`. */
export const greetingEvent = {
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
}
