import t from 'tap'
import { Ledger } from '../stress/ledger.ts'
import { messageFor, statusFor } from '../support/greeting.ts'

const ada = { id: '1', name: 'Ada' }
const message = messageFor(ada)
const status = statusFor(ada)

/** Returns the ledger of one greeting, with its response and the messages in the table. */
async function keep(response: { status: number; body: string } | Error, ...recorded: string[]) {
  const ledger = new Ledger()
  const send = async () => {
    if (response instanceof Error) throw response
    return { headers: {}, ...response }
  }
  await ledger.greet({ send }, ada)
  ledger.balance(new Map([[ada.id, recorded]]))
  return ledger
}

const success = { status, body: message }
const failure = { status: 503, body: '{"detail":"The database is unavailable. Retry later."}' }
const shedding = { status: 503, body: '{"detail":"The server is overloaded. Retry later."}' }

const kept: [what: string, response: typeof success, recorded: string[], counts: object][] = [
  ['a response that is recorded', success, [message], { succeeded: 1, recorded: 1 }],
  ['a failure that is not recorded', failure, [], { unavailable: 1, recorded: 0 }],
  ['a failure that is recorded', failure, [message], { unavailable: 1, recorded: 1 }],
  ['a request that is shed', shedding, [], { shed: 1, recorded: 0 }],
]
for (const [what, response, recorded, counts] of kept) {
  t.test(`${what} keeps the promises`, async (t) => {
    const { broken, ...ledger } = await keep(response, ...recorded)
    t.match(ledger, { lost: 0, duplicated: 0, ...counts })
    t.strictSame(broken, [])
  })
}

const broken: [what: string, Error | typeof success, string[], counts: object, text: RegExp][] = [
  ['a response that is not recorded', success, [], { lost: 1 }, /^1 messages of responses are not/],
  [
    'a response that is recorded twice',
    success,
    [message, message],
    { duplicated: 1 },
    /^1 messages in/,
  ],
  [
    'a failure that is recorded twice',
    failure,
    [message, message],
    { duplicated: 1 },
    /^1 messages in/,
  ],
  ['a request that is shed and recorded', shedding, [message], { duplicated: 1 }, /^1 messages in/],
  ['another message in the table', success, ['other'], { recorded: 1 }, /has the message other$/],
  [
    'another message in the response',
    { status, body: 'other' },
    [message],
    { succeeded: 1 },
    /got \d+ other$/,
  ],
  ['another status', { status: 418, body: message }, [message], { succeeded: 1 }, /got 418 /],
  [
    'an internal text in a problem',
    { status: 503, body: 'arn:aws:' },
    [],
    { unavailable: 1 },
    /internals/,
  ],
  [
    'a request without a response',
    new Error('reset'),
    [],
    { withoutResponse: 1 },
    /no response: Error: reset$/,
  ],
]
for (const [what, response, recorded, counts, text] of broken) {
  t.test(`${what} breaks a promise`, async (t) => {
    const { broken, ...ledger } = await keep(response, ...recorded)
    t.match(ledger, counts)
    t.equal(broken.length, 1)
    t.match(broken[0], text)
  })
}
