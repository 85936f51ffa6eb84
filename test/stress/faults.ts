import fc from 'fast-check'
import { type Fault, faults } from '../support/fault-proxy.ts'
import { operations } from '../support/greeting.ts'
import { type Part, work } from './part.ts'

const peopleOfRound = 200

// The SDK's attempts of each operation.
const attempts = 3
const operationNames: readonly string[] = operations
const count = operations.length * attempts

// The faults of a greeting: one for each attempt of each operation.
const faultsOfGreeting = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...faults) }
  ),
  { minLength: count, maxLength: count }
)
const faultOfConnections = fc.constantFrom('cut', 'refuse', 'none')

/**
 * Runs rounds of mixed faults; the seed determines the faults of each greeting. After each round, without
 * faults, the first greeting of each instance must succeed. Returns the number of times that each fault
 * was injected.
 */
export async function stressByFaults(part: Part): Promise<Map<string, number>> {
  const { ledger, seed } = part
  const proxy = await part.startProxy()
  const { endpoint } = proxy
  const server = await part.serve({ endpoint })
  const functions = [await part.handle({ endpoint }), await part.handle({ endpoint })]
  // A function handles one event at a time.
  const clients = [...Array.from({ length: 40 }, () => server), ...functions]

  for (let round = 0; round === 0 || !part.isTimeUp(); round++) {
    const samples = fc.sample(faultsOfGreeting, { seed: seed + round, numRuns: peopleOfRound })
    const [fault] = fc.sample(faultOfConnections, { seed: seed + round, numRuns: 1 })
    const people = await part.createPeople(peopleOfRound)
    const plan = new Map<string, (Fault | undefined)[]>()
    people.forEach(({ id }, index) => {
      plan.set(id, samples[index] ?? [])
    })
    proxy.follow(({ partitionKey, operation, attempt }) =>
      plan.get(partitionKey ?? '')?.at(attempt - 1 + attempts * operationNames.indexOf(operation))
    )

    let refusal: Promise<void> | undefined
    await work(clients, (instance) => {
      if (people.length === peopleOfRound / 2) {
        if (fault === 'cut') proxy.cut()
        if (fault === 'refuse') refusal = proxy.refuse().then(proxy.accept)
      }
      const person = people.pop()
      return person && ledger.greet(instance, person)
    })
    await refusal

    plan.clear()
    for (const instance of [server, ...functions]) {
      for (const person of await part.createPeople(1)) {
        const succeeds = await ledger.greet(instance, person)
        ledger.expect(succeeds, `the first greeting after round ${round} failed`)
      }
    }
  }
  await proxy.settled()
  return proxy.injected
}
