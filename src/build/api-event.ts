interface Request {
  method: string
  resource: string
  path: string
  headers: Record<string, string>
}

/** The event that a REST API of API Gateway sends to the function for a request. */
export function createApiEvent({ method, resource, path, headers }: Request) {
  return {
    resource,
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: {
      resourcePath: resource,
      stage: 'Prod',
      path: `/Prod${path}`,
      domainName: 'api.example.com',
      identity: { sourceIp: '192.0.2.1' },
    },
  }
}
