import { Value } from 'typebox/value'
import { Pool } from 'undici'
import type { Database } from '../spec/repository.ts'
import type { Compose } from '../support/compose.ts'
import { restApi } from '../support/lambda-events.ts'
import { LambdaResponse, requestsAtOnce, type Target } from '../support/target.ts'
import { sendOnSocket } from './standalone.ts'

const unsupported = { 'freeze the clock': 'it uses the clock of the machine' }

/** The image as a server, over DynamoDB Local. */
export function standaloneContainer({ api, leftovers, repository }: Compose): Target {
  return {
    name: 'the standalone container, over DynamoDB Local',
    unsupported,

    async start() {
      const pool = new Pool(api, { connections: requestsAtOnce })
      return {
        send: (request) => sendOnSocket(pool, request),
        items: repository,
        leftovers,
        stop: () => pool.close(),
      }
    },
  }
}

/** The image as a function behind a REST API, in AWS's emulator of Lambda, over DynamoDB Local. */
export function lambdaContainer({ lambda, leftovers, repository }: Compose): Target {
  return {
    name: 'the Lambda container behind a REST API, over DynamoDB Local',
    unsupported,

    async start() {
      // The emulator handles one event at a time.
      const pool = new Pool(lambda, { connections: 1, pipelining: 1 })
      return {
        async send(request) {
          const response = await pool.request({
            method: 'POST',
            path: '/2015-03-31/functions/function/invocations',
            body: JSON.stringify(restApi.createEvent(request)),
          })
          const { statusCode, headers, body } = Value.Parse(
            LambdaResponse,
            await response.body.json()
          )
          return { status: statusCode, headers, body }
        },
        items: repository,
        leftovers,
        stop: () => pool.close(),
      }
    },
  }
}

export function dynamoDBLocal(compose: Compose): Database {
  return {
    name: 'DynamoDB Local',
    unsupported: {},
    start: async () => ({ ...compose, stop: async () => {} }),
  }
}
