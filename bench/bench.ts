import { cpus } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { benchCold } from './cold.ts'
import type { Summary } from './statistics.ts'

const { rounds } = new Command('npm run bench --')
  .description('Measures the service beside its peers. Times are in milliseconds.')
  .option('--rounds <n>', 'how often, each', wholeNumber, 25)
  .parse()
  .opts<{ rounds: number }>()

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

function format({ median, from, to }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${from.toFixed(digits)}–${to.toFixed(digits)})`.padStart(20)
}

console.log(
  `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} rounds; medians (and quartiles)`
)
const cold = await benchCold(rounds)
console.log(
  `\ncold start${'ready'.padStart(24)}${'first response'.padStart(20)}${'÷ bare'.padStart(20)}`
)
for (const [name, { ready, response, ratio }] of Object.entries(cold))
  console.log(name.padEnd(14) + format(ready, 0) + format(response, 0) + format(ratio, 2))
