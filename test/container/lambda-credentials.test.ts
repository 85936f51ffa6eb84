import { createServer } from 'node:http'
import t, { type Test } from 'tap'
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

const greeting = restApi.createEvent({ path: '/hello/1' })

/**
 * Where a function finds its credentials. With SnapStart it is given none in its environment, but an
 * endpoint: those of a snapshot would have expired. (AWS Lambda Developer Guide, "Activating and
 * managing Lambda SnapStart")
 */
t.setTimeout(buildTimeout)
t.test('the credentials of the function', { skip: await noEngine() }, async (t) => {
  t.setTimeout(buildTimeout)
  await buildImage()

  t.test('come from the endpoint if its environment has none', async (t) => {
    const { environment, issued, used } = await start(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
    })

    t.equal(httpResponse(await environment.invoke(greeting)).body, 'Hello Ada!')

    t.strictSame(used.at(-1), { accessKeyId: issued.at(-1), sessionToken: issued.at(-1) })
  })

  t.test('are read again before they expire', async (t) => {
    const { environment, issued, used } = await start(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
    })
    await environment.invoke(greeting)
    const before = used.at(-1)

    t.equal(httpResponse(await environment.invoke(greeting)).body, 'Hello Ada!')

    t.not(used.at(-1)?.accessKeyId, before?.accessKeyId)
    t.strictSame(used.at(-1), { accessKeyId: issued.at(-1), sessionToken: issued.at(-1) })
  })

  t.test('come from its environment if that has some, and the endpoint is unused', async (t) => {
    const { environment, issued, used } = await start(t, {})

    t.equal(httpResponse(await environment.invoke(greeting)).body, 'Hello Ada!')

    t.strictSame(used.at(-1), { accessKeyId: 'ASIAENVIRONMENT', sessionToken: 'token' })
    t.strictSame(issued, [])
  })
})

/** Starts a function with an endpoint of credentials that expire in a minute, and a DynamoDB. */
async function start(t: Test, variables: Record<string, undefined>) {
  const issued: string[] = []
  const used: { accessKeyId: unknown; sessionToken: unknown }[] = []

  const dynamodb = createServer(({ headers }, response) => {
    const [, accessKeyId] = /Credential=(\w+)/.exec(String(headers.authorization)) ?? []
    used.push({ accessKeyId, sessionToken: headers['x-amz-security-token'] })
    const isRead = String(headers['x-amz-target']).endsWith('GetItem')
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    response.end(isRead ? '{"Item":{"data":{"S":"Ada"}}}' : '{}')
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
      DYNAMODB_TABLE_NAME: 'hello',
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
