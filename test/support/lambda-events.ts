import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Request, Target } from './target.ts'

/** A source of events: what it makes of a request, and what it destroys on the way. */
export interface EventSource {
  name: string
  unsupported: Target['unsupported']
  createEvent(request: Request): ALBEvent | APIGatewayProxyEvent | APIGatewayProxyEventV2
}

export const restApi = {
  name: 'a REST API',
  unsupported: {},
  createEvent: restApiEvent,
} satisfies EventSource

export const httpApi = {
  name: 'an HTTP API',
  unsupported: {
    'carry encoded reserved characters':
      'an HTTP API decodes the path, cuts it at a question mark, and decodes it again',
    'carry encoded slashes': 'an HTTP API decodes the path, so %2F arrives as a slash',
    'carry malformed escapes': 'an HTTP API decodes the path, so it must be well-formed',
  },
  createEvent: (request) =>
    payload2Event(request, decodedPath(request.path), {
      domainName: 'abcdef1234.execute-api.eu-central-1.amazonaws.com',
      routeKey: 'GET /hello/{id}',
      stage: '$default',
    }),
} satisfies EventSource

export const functionUrl = {
  name: 'a function URL',
  unsupported: {},
  createEvent: (request) =>
    payload2Event(request, request.path, {
      domainName: 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws',
      routeKey: '$default',
      stage: '$default',
    }),
} satisfies EventSource

export const loadBalancer = {
  name: 'a load balancer',
  unsupported: {},
  createEvent: loadBalancerEvent,
} satisfies EventSource

// As events show that were captured on AWS in July 2026 (hotsock/voker on GitHub,
// vokerhttp/testdata/ingress-paths.json). What cannot be decoded, an HTTP API refuses itself.
function decodedPath(path: string): string {
  const [decoded = ''] = decodeURIComponent(path).split('?')
  return decodeURIComponent(decoded)
}

function restApiEvent(request: Request): APIGatewayProxyEvent {
  const httpMethod = request.method ?? 'GET'
  return {
    resource: '/hello/{id}',
    path: request.path,
    httpMethod,
    headers: request.headers ?? {},
    multiValueHeaders: Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [name, [value]])
    ),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: {},
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      authorizer: null,
      httpMethod,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: '192.0.2.1',
        user: null,
        userAgent: null,
        userArn: null,
      },
      path: `/Prod${request.path}`,
      protocol: 'HTTP/1.1',
      requestId: 'the-id-of-the-gateway',
      requestTimeEpoch: Date.now(),
      resourceId: 'abc123',
      resourcePath: '/hello/{id}',
      stage: 'Prod',
    },
    body: request.body ?? null,
    isBase64Encoded: false,
  }
}

function payload2Event(
  request: Request,
  rawPath: string,
  { domainName, routeKey, stage }: { domainName: string; routeKey: string; stage: string }
): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: '',
    headers: request.headers ?? {},
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      domainName,
      domainPrefix: 'abcdef1234',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'test',
      },
      requestId: 'the-id-of-the-gateway',
      routeKey,
      stage,
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(request.body && { body: request.body }),
    isBase64Encoded: false,
  }
}

function loadBalancerEvent(request: Request): ALBEvent {
  return {
    requestContext: {
      elb: {
        targetGroupArn:
          'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/hello/0123456789abcdef',
      },
    },
    httpMethod: request.method ?? 'GET',
    path: request.path,
    headers: request.headers ?? {},
    queryStringParameters: {},
    body: request.body ?? '',
    isBase64Encoded: false,
  }
}
