import t from 'tap'
import { describeEvent, readEvent } from '../../src/lambda/event.ts'

const loadBalancer = {
  httpMethod: 'GET',
  path: '/',
  requestContext: { elb: { targetGroupArn: 'arn' } },
}

t.test('repeated headers are joined as Node.js does', async (t) => {
  const multiValueHeaders = { Accept: ['text/html', 'text/plain'], Cookie: ['a=1', 'b=2'] }

  const request = readEvent({ ...loadBalancer, multiValueHeaders })

  t.strictSame(request?.headers, { accept: 'text/html, text/plain', cookie: 'a=1; b=2' })
})

t.test('headers about the transfer of the body are left out', async (t) => {
  const headers = { 'Content-Length': '5', 'transfer-encoding': 'chunked', host: 'test' }
  t.strictSame(readEvent({ ...loadBalancer, headers })?.headers, { host: 'test' })
})

t.test('the query of a load balancer stays as it is encoded', async (t) => {
  const multiValueQueryStringParameters = { 'a%20b': ['1+2', '%C3%A9'] }
  const request = readEvent({ ...loadBalancer, multiValueQueryStringParameters })
  t.equal(request?.url, '/?a%20b=1+2&a%20b=%C3%A9')
})

t.test('fields of other types are left out', async (t) => {
  const headers = { accept: 'text/plain', host: 1 }
  t.strictSame(readEvent({ ...loadBalancer, headers })?.headers, { accept: 'text/plain' })

  const requestContext = { domainName: 'api.example.com', stage: '$default' }
  const httpApi = { requestContext: { ...requestContext, http: { method: 'GET' } }, rawPath: '/' }
  t.equal(readEvent({ ...httpApi, rawQueryString: 1 })?.url, '/')
})

t.test('an event of a REST API has a resource and a stage', async (t) => {
  const event = { httpMethod: 'GET', path: '/' }
  t.equal(readEvent({ ...event, requestContext: { resourcePath: '/' } }), undefined)
  t.equal(readEvent({ ...event, requestContext: { stage: 'Prod' } }), undefined)
})

const descriptions: [event: unknown, source?: string, type?: string][] = [
  [{ Records: [{ eventSource: 'aws:sqs', body: 'secret' }] }, 'aws:sqs'],
  [{ Records: [{ EventSource: 'aws:sns', Sns: { Message: 'secret' } }] }, 'aws:sns'],
  [{ eventSource: 'aws:kafka', records: {} }, 'aws:kafka'],
  [
    { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: { secret: 'secret' } },
    'aws.events',
    'Scheduled Event',
  ],
  [{ triggerSource: 'PreSignUp_SignUp', userName: 'secret' }, 'PreSignUp_SignUp'],
  [{ requestContext: { eventType: 'CONNECT', connectionId: 'secret' } }, undefined, 'CONNECT'],
  [{ source: '\n{"level":"FATAL"}', 'detail-type': 'a'.repeat(65) }],
  [{ source: 1, Records: 'secret' }],
  ['secret'],
  [null],
]
for (const [event, source, type] of descriptions) {
  t.test(`the source of ${JSON.stringify(event)} is ${source}, its type ${type}`, async (t) => {
    const description = describeEvent(event)
    t.strictSame([description.source, description.type], [source, type])
    t.notMatch(JSON.stringify(description), 'secret')
  })
}

t.test('an event is described by at most ten short names of its fields', async (t) => {
  const fields = Array.from({ length: 20 }, (_, index): [string, number] => [
    `field${index}`,
    index,
  ])
  const event = { 'a "secret"\n': 1, ['a'.repeat(65)]: 1, ...Object.fromEntries(fields) }
  t.strictSame(
    describeEvent(event).keys,
    fields.slice(0, 10).map(([name]) => name)
  )
})
