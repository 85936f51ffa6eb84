/** The floor: what Node.js takes to start, and to load a handler that does nothing. */
export async function handler() {
  return { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'Hello Ada!' }
}
