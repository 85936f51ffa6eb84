import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { example } from '../../src/resources.ts'
import { buildTimeout } from '../support/compose.ts'
import { hostAddress, noEngine } from '../support/docker.ts'
import { restApi } from '../support/lambda-events.ts'
import { listenOnFreePort } from '../support/listen.ts'
import {
  buildImage,
  hostName,
  httpResponse,
  startEnvironment,
} from '../targets/execution-environment.ts'

const event = restApi.createEvent({ path: example.event.path })

/**
 * The sources of a function's credentials. With SnapStart, its environment has none, but an endpoint, as
 * the credentials of a snapshot would have expired. (AWS Lambda Developer Guide, "Activating and
 * managing Lambda SnapStart")
 */
t.setTimeout(buildTimeout)
t.test('the credentials of the function', { skip: await noEngine() }, async (t) => {
  t.setTimeout(buildTimeout)
  await buildImage()

  t.test('come from the endpoint when the environment has none', async (t) => {
    const { environment, issued, used } = await start(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
    })

    t.equal(httpResponse(await environment.invoke(event)).body, example.response.body)

    t.strictSame(used.at(-1), { accessKeyId: issued.at(-1), sessionToken: issued.at(-1) })
  })

  t.test('are read again before they expire', async (t) => {
    const { environment, issued, used } = await start(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
    })
    await environment.invoke(event)
    const before = used.at(-1)

    t.equal(httpResponse(await environment.invoke(event)).body, example.response.body)

    t.not(used.at(-1)?.accessKeyId, before?.accessKeyId)
    t.strictSame(used.at(-1), { accessKeyId: issued.at(-1), sessionToken: issued.at(-1) })
  })

  t.test('come from the environment when it has some, and the endpoint is unused', async (t) => {
    const { environment, issued, used } = await start(t, {})

    t.equal(httpResponse(await environment.invoke(event)).body, example.response.body)

    t.strictSame(used.at(-1), { accessKeyId: 'ASIAENVIRONMENT', sessionToken: 'token' })
    t.strictSame(issued, [])
  })
})

/** Starts a function, an endpoint for credentials that expire in a minute, and a DynamoDB. */
async function start(t: Test, variables: Record<string, undefined>) {
  const issued: string[] = []
  const used: { accessKeyId: unknown; sessionToken: unknown }[] = []

  const dynamodb = createServer(({ headers }, response) => {
    const [, accessKeyId] = /Credential=(\w+)/.exec(String(headers.authorization)) ?? []
    used.push({ accessKeyId, sessionToken: headers['x-amz-security-token'] })
    const [, operation = ''] = String(headers['x-amz-target']).split('.')
    const responses: Record<string, object> = example.database
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    response.end(JSON.stringify(responses[operation]))
  })
  const port = await listenOnFreePort(dynamodb, await hostAddress())
  t.teardown(() => {
    dynamodb.closeAllConnections()
    dynamodb.close()
  })

  const environment = await startEnvironment({
    variables: {
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'authorization',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9001/2021-04-23/credentials',
      AWS_ENDPOINT_URL_DYNAMODB: `http://${hostName}:${port}`,
      DYNAMODB_TABLE_NAME: 'test',
      ...variables,
    },
    serveOther({ headers, url }, response) {
      if (url !== '/2021-04-23/credentials' || headers.authorization !== 'authorization')
        return void response.writeHead(403).end()
      const key = `ASIAISSUED${issued.length + 1}`
      issued.push(key)
      const Expiration = new Date(Date.now() + 60_000).toISOString()
      const credentials = { AccessKeyId: key, SecretAccessKey: 'secret', Token: key, Expiration }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(credentials))
    },
  })
  t.teardown(environment.stop)
  return { environment, issued, used }
}
