import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Request, Response, Target } from './target.ts'

/** A source of events: what it makes of requests and responses, and what it destroys on the way. */
export interface EventSource {
  name: string
  unsupported: Target['unsupported']
  createEvent(request: Request): ALBEvent | APIGatewayProxyEvent | APIGatewayProxyEventV2
  readResponse(response: FunctionResponse): Response
}

/** What a function returns. */
interface FunctionResponse {
  statusCode: number
  headers: Record<string, string>
  multiValueHeaders?: Record<string, string[]>
  cookies?: string[]
  body: string
}

export const restApi = {
  name: 'a REST API',
  unsupported: {},
  createEvent: restApiEvent,
  // It merges both kinds of headers. (Amazon API Gateway Developer Guide, "Set up Lambda proxy
  // integrations in API Gateway")
  readResponse: ({ statusCode, headers, multiValueHeaders, body }) => ({
    status: statusCode,
    headers,
    body,
    cookies: multiValueHeaders?.['set-cookie'] ?? [],
  }),
} satisfies EventSource

export const httpApi = {
  name: 'an HTTP API',
  unsupported: {
    'carry encoded reserved characters':
      'an HTTP API decodes the path, cuts it at a question mark, and decodes it again',
    'carry encoded slashes': 'an HTTP API decodes the path, so %2F arrives as a slash',
    'carry malformed escapes': 'an HTTP API decodes the path, so it must be well-formed',
  },
  createEvent: (request) => {
    const { path } = partsOf(request)
    const claims = request.subject && { sub: request.subject }
    return payload2Event(request, decodedPath(path), {
      domainName: 'abcdef1234.execute-api.eu-central-1.amazonaws.com',
      routeKey: `${request.method ?? 'GET'} ${resourceOf(path)}`,
      stage: '$default',
      ...(claims && {
        authorizer: { principalId: '', integrationLatency: 0, jwt: { claims, scopes: [] } },
      }),
    })
  },
  readResponse: readPayload2,
} satisfies EventSource

export const functionUrl = {
  name: 'a function URL',
  unsupported: { 'authorize callers': 'a function URL authorizes by IAM, which has no claims' },
  createEvent: (request) =>
    payload2Event(request, partsOf(request).path, {
      domainName: 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws',
      routeKey: '$default',
      stage: '$default',
    }),
  readResponse: readPayload2,
} satisfies EventSource

export const loadBalancer = {
  name: 'a load balancer',
  unsupported: {
    'authorize callers': 'a load balancer has no authorizer',
    'carry repeated query keys': 'a load balancer passes on the last value',
    'return several cookies': 'a load balancer reads one value of each header',
  },
  createEvent: (request: Request): ALBEvent => {
    const { headers, query } = partsOf(request)
    return {
      ...loadBalancerEvent(request),
      headers: Object.fromEntries(headers),
      queryStringParameters: Object.fromEntries(encodedPairs(query)),
    }
  },
  readResponse: ({ statusCode, headers, body }) => ({
    status: statusCode,
    headers,
    body,
    cookies: [headers['set-cookie'] ?? []].flat(),
  }),
} satisfies EventSource

export const multiValueLoadBalancer = {
  name: 'a load balancer with multi-value headers',
  unsupported: { 'authorize callers': 'a load balancer has no authorizer' },
  createEvent: (request: Request): ALBEvent => {
    const { headers, query } = partsOf(request)
    return {
      ...loadBalancerEvent(request),
      multiValueHeaders: collect(headers),
      multiValueQueryStringParameters: collect(encodedPairs(query)),
    }
  },
  readResponse: ({ statusCode, multiValueHeaders = {}, body }) => ({
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(multiValueHeaders).map(([name, values]) => [name, values.join(', ')])
    ),
    body,
    cookies: multiValueHeaders['set-cookie'] ?? [],
  }),
} satisfies EventSource

// As events show that were captured on AWS in July 2026 (hotsock/voker on GitHub,
// vokerhttp/testdata/ingress-paths.json). An HTTP API rejects paths that cannot be decoded.
function decodedPath(path: string): string {
  const [decoded = ''] = decodeURIComponent(path).split('?')
  return decodeURIComponent(decoded)
}

type Pair = [name: string, value: string]

/** The parts of a request as an event has them. */
function partsOf({ path: target, headers = {}, body }: Request) {
  const [path = '', ...query] = target.split('?')
  return {
    path,
    query: query.join('?'),
    headers: Object.entries(headers),
    body: Buffer.isBuffer(body) ? body.toString('base64') : body,
    isBase64Encoded: Buffer.isBuffer(body),
  }
}

/** The names and values of a query as they are, which a load balancer passes on. */
function encodedPairs(query: string): Pair[] {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return pairs.map((pair) => {
    const [name = '', ...value] = pair.split('=')
    return [name, value.join('=')]
  })
}

/** All values of each name. */
function collect(pairs: Pair[]): Record<string, string[]> {
  const values = Map.groupBy(pairs, ([name]) => name)
  return Object.fromEntries([...values].map(([name, of]) => [name, of.map(([, value]) => value)]))
}

/** The resource of an API that has a path. */
function resourceOf(path: string): string {
  if (!path.startsWith('/notes/')) return '/hello/{id}'
  return path.split('/').length > 3 ? '/notes/{owner}/{note}' : '/notes/{owner}'
}

function restApiEvent(request: Request): APIGatewayProxyEvent {
  const httpMethod = request.method ?? 'GET'
  const { path, query, headers, body, isBase64Encoded } = partsOf(request)
  const parameters = [...new URLSearchParams(query)]
  const resource = resourceOf(path)
  return {
    resource,
    path,
    httpMethod,
    headers: Object.fromEntries(headers),
    multiValueHeaders: collect(headers),
    queryStringParameters: parameters.length > 0 ? Object.fromEntries(parameters) : null,
    multiValueQueryStringParameters: parameters.length > 0 ? collect(parameters) : null,
    pathParameters: {},
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      authorizer: request.subject ? { claims: { sub: request.subject } } : null,
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
      path: `/Prod${path}`,
      protocol: 'HTTP/1.1',
      requestId: 'the-id-of-the-gateway',
      requestTimeEpoch: Date.now(),
      resourceId: 'abc123',
      resourcePath: resource,
      stage: 'Prod',
    },
    body: body ?? null,
    isBase64Encoded,
  }
}

interface Payload2Context {
  domainName: string
  routeKey: string
  stage: string
  authorizer?: {
    principalId: string
    integrationLatency: number
    jwt: { claims: Record<string, string>; scopes: string[] }
  }
}

// Header names are in lower case. Cookies are in a field of their own.
function payload2Event(request: Request, rawPath: string, context: Payload2Context) {
  const { query, headers, body, isBase64Encoded } = partsOf(request)
  const lowerCase = headers.map(([name, value]): Pair => [name.toLowerCase(), value])
  const { cookie, ...others } = Object.fromEntries(lowerCase)
  const parameters = collect([...new URLSearchParams(query)])
  return {
    version: '2.0',
    routeKey: context.routeKey,
    rawPath,
    rawQueryString: query,
    ...(cookie && { cookies: cookie.split('; ') }),
    headers: others,
    ...(query && {
      queryStringParameters: Object.fromEntries(
        Object.entries(parameters).map(([name, values]) => [name, values.join(',')])
      ),
    }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      domainPrefix: 'abcdef1234',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'test',
      },
      requestId: 'the-id-of-the-gateway',
      ...context,
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(body && { body }),
    isBase64Encoded,
  } satisfies APIGatewayProxyEventV2
}

function readPayload2({ statusCode, headers, cookies = [], body }: FunctionResponse): Response {
  return { status: statusCode, headers, body, cookies }
}

function loadBalancerEvent(request: Request): ALBEvent {
  const { path, body = '', isBase64Encoded } = partsOf(request)
  return {
    requestContext: {
      elb: {
        targetGroupArn:
          'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/hello/0123456789abcdef',
      },
    },
    httpMethod: request.method ?? 'GET',
    path,
    body,
    isBase64Encoded,
  }
}
