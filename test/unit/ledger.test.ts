import t from 'tap'
import { Ledger } from '../stress/ledger.ts'

const ada = { id: '1', name: 'Ada' }
const hello = 'Hello Ada!'

/** A ledger in which a greeting of Ada was answered so, and then found so in the table. */
async function keep(response: { status: number; body: string } | Error, ...recorded: string[]) {
  const ledger = new Ledger()
  const send = async () => {
    if (response instanceof Error) throw response
    return { headers: {}, ...response }
  }
  await ledger.greet({ send }, ada)
  ledger.balance(new Map([[ada.id, recorded]]))
  const { answered, broken, doubled, lost, recorded: count, shed, unanswered, unavailable } = ledger
  return { answered, broken, doubled, lost, recorded: count, shed, unanswered, unavailable }
}

const answered = { status: 200, body: hello }
const unavailable = { status: 503, body: '{"detail":"The database is unavailable. Retry later."}' }
const shed = { status: 503, body: '{"detail":"The server is overloaded. Retry later."}' }

const kept: [what: string, greeting: typeof answered, recorded: string[], counts: object][] = [
  ['an answer that is recorded', answered, [hello], { answered: 1, recorded: 1 }],
  ['a failure that is not recorded', unavailable, [], { unavailable: 1, recorded: 0 }],
  ['a failure that is recorded', unavailable, [hello], { unavailable: 1, recorded: 1 }],
  ['a refusal of load', shed, [], { shed: 1, recorded: 0 }],
]
for (const [what, response, recorded, counts] of kept) {
  t.test(`${what} is as promised`, async (t) => {
    const { broken, ...ledger } = await keep(response, ...recorded)
    t.match(ledger, { lost: 0, doubled: 0, ...counts })
    t.strictSame(broken, [])
  })
}

const broken: [what: string, Error | typeof answered, string[], counts: object, told: RegExp][] = [
  ['an answer that is not recorded', answered, [], { lost: 1 }, /^1 answered messages are not/],
  ['an answer that is recorded twice', answered, [hello, hello], { doubled: 1 }, /^1 messages are/],
  ['a failure that is recorded twice', unavailable, [hello, hello], { doubled: 1 }, /^1 messages/],
  ['a refusal of load that is recorded', shed, [hello], { doubled: 1 }, /^1 messages are/],
  ['another message in the table', answered, ['Hello Eve!'], { recorded: 1 }, /has the message/],
  [
    'another answer',
    { status: 200, body: 'Hello Eve!' },
    [hello],
    { answered: 1 },
    /got 200 Hello E/,
  ],
  ['another status', { status: 404, body: hello }, [hello], { answered: 1 }, /got 404 Hello Ada!/],
  [
    'an internal in a problem',
    { status: 503, body: 'arn:aws:' },
    [],
    { unavailable: 1 },
    /internals/,
  ],
  ['no response', new Error('reset'), [], { unanswered: 1 }, /no response: Error: reset$/],
]
for (const [what, response, recorded, counts, told] of broken) {
  t.test(`${what} breaks a promise`, async (t) => {
    const { broken, ...ledger } = await keep(response, ...recorded)
    t.match(ledger, counts)
    t.equal(broken.length, 1)
    t.match(broken[0], told)
  })
}
