import fc from 'fast-check'
import { type Fault, faults } from '../support/fault-proxy.ts'
import { type Part, work } from './part.ts'

const peopleOfRound = 200

// What befalls a greeting: the three attempts of its read, and those of its write.
const course = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...faults) }
  ),
  { minLength: 6, maxLength: 6 }
)
const accident = fc.constantFrom('cut', 'refuse', 'none')

/**
 * Rounds of mixed faults: what befalls the nth greeting, the seed says. After each round all is well,
 * and the first greeting of each instance must succeed. Returns how often each fault was done.
 */
export async function stressByFaults(part: Part): Promise<Map<string, number>> {
  const { ledger, seed } = part
  const proxy = await part.startProxy()
  const { endpoint } = proxy
  const server = await part.serve({ endpoint })
  const functions = [await part.handle({ endpoint }), await part.handle({ endpoint })]
  // An environment of a function handles one event at a time.
  const callers = [...Array.from({ length: 40 }, () => server), ...functions]

  for (let round = 0; !part.isTimeUp(); round++) {
    const courses = fc.sample(course, { seed: seed + round, numRuns: peopleOfRound })
    const [happens] = fc.sample(accident, { seed: seed + round, numRuns: 1 })
    const people = await part.meet(peopleOfRound)
    const plan = new Map<string, (Fault | undefined)[]>()
    people.forEach(({ id }, index) => {
      plan.set(id, courses[index] ?? [])
    })
    proxy.follow(({ partitionKey, operation, attempt }) =>
      plan.get(partitionKey ?? '')?.at(attempt - 1 + (operation === 'PutItem' ? 3 : 0))
    )

    let refusal: Promise<void> | undefined
    await work(callers, (instance) => {
      if (people.length === peopleOfRound / 2) {
        if (happens === 'cut') proxy.cut()
        if (happens === 'refuse') refusal = proxy.refuse().then(proxy.accept)
      }
      const person = people.pop()
      return person && ledger.greet(instance, person)
    })
    await refusal

    plan.clear()
    for (const instance of [server, ...functions]) {
      for (const person of await part.meet(1)) {
        const isAnswered = await ledger.greet(instance, person)
        ledger.expect(isAnswered, `the first greeting after round ${round} failed`)
      }
    }
  }
  await proxy.settled()
  return proxy.injected
}
