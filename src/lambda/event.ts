import { METHODS } from 'node:http'

/** What the app takes of an HTTP request; its body and query are unused. */
export interface EventRequest {
  method: string
  /** Percent-encoded, and without the API's stage. */
  path: string
  headers: Record<string, string | string[]>
  sourceIp: string | undefined
}

/**
 * The request of an event of API Gateway (a REST or an HTTP API), a function URL or a load balancer;
 * `undefined` for what is no such event. Anybody who may invoke the function can make up an event,
 * so nothing of it is relied on unchecked.
 */
export function readEvent(event: unknown): EventRequest | undefined {
  const { headers, httpMethod, multiValueHeaders, requestContext } = fields(event)
  const { http, identity } = fields(requestContext)
  const { method = httpMethod, sourceIp = fields(identity).sourceIp } = fields(http)
  const path = readPath(fields(event))
  if (path === undefined || !isText(method) || !METHODS.includes(method)) return undefined
  return {
    method,
    path,
    headers: { ...only(isText, headers), ...only(isTexts, multiValueHeaders) },
    sourceIp: isText(sourceIp) ? sourceIp : undefined,
  }
}

function readPath(event: Fields): string | undefined {
  const { path, rawPath, version } = event
  const { domainName, elb, path: pathOfCaller, resourcePath, stage } = fields(event.requestContext)
  if (isText(rawPath) && isText(domainName) && isText(stage)) {
    if (domainName.includes('.lambda-url.')) return rawPath
    // An HTTP API has decoded the path, so an encoded slash is lost: it looks like the path's own.
    return withoutStage(rawPath.replace(/[%?#]/g, encodeURIComponent), stage)
  }
  if (!isText(path)) return undefined
  if (isFields(elb)) return path
  if (!isText(resourcePath) || !isText(stage)) return undefined
  // An HTTP API that sends events of the format 1.0; it may have decoded the path.
  if (version === '1.0') return withoutStage(path, stage)

  // A REST API takes its stage off the path itself. Below a custom domain, the path is the caller's
  // own, and begins with the base path that the domain may map to the API.
  const isMapped = path === pathOfCaller
  return isMapped && !resourcePath.endsWith('+}') ? lastSegments(path, resourcePath) : path
}

/** An HTTP API begins the path with its stage, but for the stage `$default`. */
function withoutStage(path: string, stage: string): string {
  const isInPath = stage !== '$default' && path.startsWith(`/${stage}/`)
  return isInPath ? path.slice(stage.length + 1) : path
}

/** As many segments of the path as the resource has. */
function lastSegments(path: string, resource: string): string {
  const count = resource.split('/').length - 1
  return `/${path.split('/').slice(-count).join('/')}`
}

type Fields = Record<string, unknown>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

/** The fields of a value; none, if it cannot have any. */
function fields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

/** The fields of a value that are of a type. */
function only<Type>(isType: (value: unknown) => value is Type, value: unknown) {
  return Object.fromEntries(
    Object.entries(fields(value)).flatMap(([name, field]) => (isType(field) ? [[name, field]] : []))
  )
}
