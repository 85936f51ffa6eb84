import t from 'tap'
import '../support/use-notes.ts'
import { specifyAnyResource } from '../spec/any-resource.ts'
import { httpApi, restApi } from '../support/lambda-events.ts'
import { bytes } from '../support/other-routes.ts'

const { createContext, lambdaTarget, startHandler } = await import('../targets/lambda.ts')

const started = await startHandler()
t.teardown(started.stop)

// Both payload formats; thorough/any-resource-events.test.ts has the other sources.
for (const source of [restApi, httpApi]) {
  t.test(`behind ${source.name}`, async (t) => specifyAnyResource(t, lambdaTarget(started, source)))
}

t.test('a response that is not text is encoded in base64', async (t) => {
  const event = restApi.createEvent({ path: '/bytes' })

  const { headers, isBase64Encoded, body } = await started.handler(event, createContext())

  t.equal(headers['content-type'], 'image/png')
  t.equal(isBase64Encoded, true)
  t.equal(body, bytes.toString('base64'))
})

t.test('the base path of a custom domain is removed from the path', async (t) => {
  const path = `/base/notes/${encodeURIComponent('a/b')}/${encodeURIComponent('c/d')}`
  const event = restApi.createEvent({ method: 'PATCH', path: '/notes/a/b' })
  const requestContext = { ...event.requestContext, path }

  const { headers } = await started.handler({ ...event, path, requestContext }, createContext())

  t.equal(headers.allow, 'DELETE, PUT')
})
