/** The headers of each response, whichever part of the service sends it. */
export function commonHeaders(requestId: string) {
  return {
    // A GET that writes must reach the service each time.
    'cache-control': 'no-store',
    // A browser must not take text that repeats the client's input for HTML.
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  }
}
