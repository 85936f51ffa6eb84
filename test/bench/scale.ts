/**
 * Simulates a minute of greetings on AWS, against the limits that its documents state (SCALE.md), and
 * prints the requests that a limit rejects. No request is sent, and time is simulated.
 */
interface Scenario {
  title: string
  /** Greetings per second, each of another id. */
  rate: number
  /** Greetings per second of one id. */
  hot?: number
  /** Over how many partition keys the history of that id is spread. */
  shards?: number
  /** What API Gateway lets through: per second, and at once. */
  throttle?: [rate: number, burst: number]
}

const month = 30 * 86_400
const million = 1e6 / month
const billion = 1e9 / month
const stack: [number, number] = [100, 200]
const account: [number, number] = [10_000, 5000]

const scenarios: Scenario[] = [
  { title: 'a million a month, 10 × at peak', rate: 10 * million, throttle: stack },
  { title: 'a billion a month, the stack as it is', rate: billion, throttle: stack },
  { title: 'a billion a month', rate: billion },
  { title: 'a billion a month, 10 × at peak', rate: 10 * billion },
  { title: 'a billion a month, 30 × at peak', rate: 30 * billion },
  { title: 'one id, 900 a second', rate: 0, hot: 900 },
  { title: 'one id, 1,100 a second', rate: 0, hot: 1100 },
  { title: 'one id, 2,000 a second', rate: 0, hot: 2000 },
  { title: 'the same, in 4 shards', rate: 0, hot: 2000, shards: 4 },
]

const limits = {
  concurrency: 1000,
  environmentsPerSecond: 100,
  /** An item of up to 1 KB is one unit. */
  writeUnitsOfPartition: 1000,
  /** So many more have no key in common with the id that is hot: the table has grown with its load. */
  partitions: 32,
}

/** Milliseconds. Those of a cold start and of a greeting are assumed, not measured on AWS. */
const times = { coldStart: 500, greeting: 10, deadline: 2500, throttlingDelay: 1000 }
const seconds = 60
const attempts = 3

/** A bucket of tokens that fills by so many a second, up to its size, and is full at first. */
function createBucket(rate: number, size: number) {
  let tokens = size
  let filled = 0
  return function take(now: number): boolean {
    tokens = Math.min(size, tokens + ((now - filled) / 1000) * rate)
    filled = now
    if (tokens < 1) return false
    tokens--
    return true
  }
}

/** The same numbers from 0 to 1 in each run: mulberry32, of 32 bits. */
function createRandom() {
  let state = 1
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

function simulate({ rate, hot = 0, shards = 1, throttle = account }: Scenario) {
  const random = createRandom()
  const agenda = new Map<number, (() => void)[]>()
  const api = createBucket(...throttle)
  const scaling = createBucket(limits.environmentsPerSecond, 1000)
  const partitions = Array.from({ length: limits.partitions + shards }, () =>
    createBucket(limits.writeUnitsOfPartition, limits.writeUnitsOfPartition)
  )
  const refused = { api: 0, lambda: 0, dynamodb: 0 }
  const latencies: number[] = []
  let environments = 0
  let idle = 0
  let now = 0

  function after(delay: number, act: () => void): void {
    const then = now + Math.max(1, Math.round(delay))
    agenda.set(then, [...(agenda.get(then) ?? []), act])
  }

  function arrive(partition: number): void {
    if (!api(now)) refused.api++
    else if (idle > 0) {
      idle--
      write(partition, now, now, 1)
    } else if (environments < limits.concurrency && scaling(now)) {
      environments++
      const arrived = now
      after(times.coldStart, () => write(partition, arrived, now, 1))
    } else refused.lambda++
  }

  function write(partition: number, arrived: number, begun: number, attempt: number): void {
    const delay = random() * times.throttlingDelay * 2 ** (attempt - 1)
    const deadline = begun + times.deadline
    if (partitions[partition]?.(now)) {
      after(times.greeting, () => {
        idle++
        latencies.push(now - arrived)
      })
    } else if (attempt < attempts && now + delay < deadline) {
      after(delay, () => write(partition, arrived, begun, attempt + 1))
    } else {
      // The last attempt fails at once; a delay that is too long, not before the deadline.
      after(attempt < attempts ? deadline - now : 0, () => {
        idle++
        refused.dynamodb++
      })
    }
  }

  for (; now < seconds * 1000; now++) {
    for (const act of agenda.get(now) ?? []) act()
    agenda.delete(now)
    for (let n = poisson(rate / 1000, random); n > 0; n--)
      arrive(Math.floor(random() * limits.partitions))
    for (let n = poisson(hot / 1000, random); n > 0; n--)
      arrive(limits.partitions + Math.floor(random() * shards))
  }
  latencies.sort((a, b) => a - b)
  const total = latencies.length + refused.api + refused.lambda + refused.dynamodb
  return { refused, total, environments, p99: latencies.at(-latencies.length / 100) }
}

/** Returns a random number of independent events with a given mean. */
function poisson(mean: number, random: () => number): number {
  let count = 0
  for (let product = random(); product > Math.exp(-mean); product *= random()) count++
  return count
}

const heads = ['a second', 'API', 'Lambda', 'DynamoDB', 'p99, ms', 'environments']
console.log(`${'refused by'.padEnd(40)}${heads.map((head) => head.padStart(13)).join('')}`)
for (const scenario of scenarios) {
  const { refused, total, environments, p99 } = simulate(scenario)
  const shares = Object.values(refused).map((count) => `${((count / total) * 100).toFixed(1)} %`)
  const cells = [((total / seconds) | 0).toString(), ...shares, `${p99}`, `${environments}`]
  console.log(scenario.title.padEnd(40) + cells.map((cell) => cell.padStart(13)).join(''))
}
