import { example } from '../../../src/hello/example.ts'

/** The lower limit: the time that Node.js takes to start and to load a handler without work. */
export async function handler() {
  return { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: example.response.body }
}
