/** The headers of every response, whoever answers. */
export function commonHeaders(requestId: string) {
  return {
    // A GET that writes must reach the service each time.
    'cache-control': 'no-store',
    // Text that repeats the caller's id must not be taken for HTML.
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  }
}
