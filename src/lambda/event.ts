import { METHODS } from 'node:http'

/** An HTTP request, as an event contains it. */
export interface EventRequest {
  method: string
  /** The path, percent-encoded and without the API's stage, and the query. */
  url: string
  headers: Record<string, string>
  body: string | undefined
  isBase64Encoded: boolean
  sourceIp: string | undefined
  /** API Gateway's own id of the request. */
  apiRequestId: string | undefined
  /** Of the event's payload format. */
  version: string | undefined
}

/**
 * The request of an event of API Gateway (a REST or an HTTP API), a function URL or a load balancer;
 * `undefined` for other events. Anyone with permission to invoke the function can send any event, so
 * the type of each field is checked.
 */
export function readEvent(event: unknown): EventRequest | undefined {
  const { body, httpMethod, isBase64Encoded, requestContext, version } = fields(event)
  const { http, identity, requestId } = fields(requestContext)
  const { method = httpMethod, sourceIp = fields(identity).sourceIp } = fields(http)
  const path = readPath(fields(event))
  if (path === undefined || !isText(method) || !METHODS.includes(method)) return undefined
  const query = readQuery(fields(event))
  return {
    method,
    url: query ? `${path}?${query}` : path,
    headers: readHeaders(fields(event)),
    body: isText(body) ? body : undefined,
    isBase64Encoded: isBase64Encoded === true,
    sourceIp: isText(sourceIp) ? sourceIp : undefined,
    apiRequestId: isWord(requestId) ? requestId : undefined,
    version: isText(version) ? version : undefined,
  }
}

/**
 * Says what an event is that is not an HTTP request, for the log: the names of its fields, and those of
 * its values that name its source and type.
 */
export function describeEvent(event: unknown) {
  const { Records, requestContext, triggerSource, ...others } = fields(event)
  const { eventSource, EventSource } = { ...others, ...fields(fields(Records)[0]) }
  const { source = triggerSource, 'detail-type': type = fields(requestContext).eventType } = others
  return {
    source: [eventSource, EventSource, source].find(isWord),
    type: [type].find(isWord),
    keys: Object.keys(fields(event)).filter(isWord).slice(0, 10),
  }
}

function readQuery(event: Fields): string {
  const { rawPath, rawQueryString, requestContext } = event
  // An HTTP API and a function URL pass the query on as it is.
  if (isText(rawPath)) return isText(rawQueryString) ? rawQueryString : ''
  const parameters = {
    ...only(isText, event.queryStringParameters),
    ...only(isTexts, event.multiValueQueryStringParameters),
  }
  const pairs = Object.entries(parameters).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value])
  )
  // A load balancer passes on encoded names and values, a REST API decodes them.
  return isFields(fields(requestContext).elb)
    ? pairs.map((pair) => pair.join('=')).join('&')
    : String(new URLSearchParams(pairs))
}

/** Repeated headers are joined, as Node.js does. */
function readHeaders(event: Fields): Record<string, string> {
  const all = { ...only(isText, event.headers), ...only(isTexts, event.multiValueHeaders) }
  const headers: Record<string, string> = {}
  for (const [name, values] of Object.entries(all)) {
    const lowerCase = name.toLowerCase()
    // They describe how the client sent the body. The event has all of it.
    if (lowerCase === 'content-length' || lowerCase === 'transfer-encoding') continue
    headers[lowerCase] = [values].flat().join(lowerCase === 'cookie' ? '; ' : ', ')
  }
  if (isTexts(event.cookies) && event.cookies.length > 0) headers.cookie = event.cookies.join('; ')
  return headers
}

function readPath(event: Fields): string | undefined {
  const { path, rawPath, version } = event
  const { domainName, elb, path: pathOfCaller, resourcePath, stage } = fields(event.requestContext)
  if (isText(rawPath) && isText(domainName) && isText(stage)) {
    if (domainName.includes('.lambda-url.')) return rawPath
    // An HTTP API decodes the path: an encoded slash cannot be distinguished from a slash of the path.
    return withoutStage(rawPath.replace(/[%?#]/g, encodeURIComponent), stage)
  }
  if (!isText(path)) return undefined
  if (isFields(elb)) return path
  if (!isText(resourcePath) || !isText(stage)) return undefined
  // An HTTP API with payload format 1.0, which may have decoded the path.
  if (version === '1.0') return withoutStage(path, stage)

  // A REST API removes its stage from the path. With a custom domain, the path is that of the client,
  // and starts with the base path that the domain may map to the API.
  const isMapped = path === pathOfCaller
  return isMapped && !resourcePath.endsWith('+}') ? lastSegments(path, resourcePath) : path
}

/** An HTTP API puts its stage in front of the path, except for the stage `$default`. */
function withoutStage(path: string, stage: string): string {
  const isInPath = stage !== '$default' && path.startsWith(`/${stage}/`)
  return isInPath ? path.slice(stage.length + 1) : path
}

/** The last segments of the path, as many as the resource has. */
function lastSegments(path: string, resource: string): string {
  const count = resource.split('/').length - 1
  return `/${path.split('/').slice(-count).join('/')}`
}

type Fields = Record<string, unknown>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

/** The fields of a value; none if it is no object. */
function fields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** Whether a value is a short text that cannot be mistaken for another part of a log line. */
function isWord(value: unknown): value is string {
  return isText(value) && /^[\w.:=/ -]{1,64}$/.test(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

/** Those fields of a value that have a type. */
function only<Type>(isType: (value: unknown) => value is Type, value: unknown) {
  return Object.fromEntries(
    Object.entries(fields(value)).flatMap(([name, field]) => (isType(field) ? [[name, field]] : []))
  )
}
