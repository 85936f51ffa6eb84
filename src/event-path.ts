import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'

/** What Lambda gets for an HTTP request. A function URL's event has the form of an HTTP API's. */
export type HttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2 | ALBEvent

/**
 * The path of the request, percent-encoded and without the API's stage. An HTTP API has decoded it,
 * so an encoded slash is lost there: it looks like the path's own.
 */
export function eventPath(event: HttpEvent): string {
  if ('rawPath' in event) {
    const { domainName, stage } = event.requestContext
    const isEncoded = domainName.includes('.lambda-url.')
    const path = isEncoded ? event.rawPath : event.rawPath.replace(/[%?#]/g, encodeURIComponent)
    return withoutPrefix(path, stage)
  }
  if ('elb' in event.requestContext) return event.path

  const { resourcePath, stage } = event.requestContext
  return resourcePath.startsWith(`/${stage}/`) ? event.path : withoutPrefix(event.path, stage)
}

function withoutPrefix(path: string, stage: string): string {
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path
}
