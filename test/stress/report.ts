import type { Ledger } from './ledger.ts'
import type { Overload } from './overload.ts'

const rows: [title: string, cell: (ledger: Ledger) => number | string][] = [
  ['greetings sent', ({ sent }) => sent],
  ['succeeded', ({ succeeded }) => succeeded],
  ['503 or 500, database', ({ unavailable }) => unavailable],
  ['503, load', ({ shed }) => shed],
  ['no response', ({ withoutResponse }) => withoutResponse],
  ['recorded', ({ recorded }) => recorded],
  ['lost', ({ lost }) => lost],
  ['duplicated', ({ duplicated }) => duplicated],
  ['slowest greeting', ({ slowest }) => `${(slowest / 1000).toFixed(2)} s`],
  ['slowest 503 for load', ({ slowestShed }) => `${(slowestShed / 1000).toFixed(2)} s`],
  ['peak memory', ({ peakMemory }) => (peakMemory ? `${Math.round(peakMemory / 1e6)} MB` : '?')],
]

/** Returns a table of the results of each part of a run. */
export function formatLedgers(ledgers: Record<string, Ledger>): string {
  const lines = rows.map(([title, cell]) => [title, ...Object.values(ledgers).map(cell)])
  return [['', ...Object.keys(ledgers)], ...lines]
    .map(([title, ...cells]) => {
      const columns = cells.map((cell) => cell.toLocaleString('en').padStart(12))
      return String(title).padEnd(21) + columns.join('')
    })
    .join('\n')
}

/** Returns the number of times that each fault was injected, as text. */
export function formatFaults(injected: Map<string, number>): string {
  const faults = [...injected].sort(([, a], [, b]) => b - a)
  const texts = faults.map(([fault, count]) => `${count.toLocaleString('en')} × ${fault}`)
  return texts.join(`\n${' '.repeat(12)}`)
}

export function formatOverload({ capacity, sent, succeeded, recovery, longest }: Overload): string {
  const [most, load, rest] = [capacity, sent, succeeded].map(Math.round)
  return `at ${load} requests per second, a server with a capacity of ${most} responded to ${rest};
            it recovered after ${Math.round(recovery)} ms, and closed slow connections within
            ${longest.toFixed(1)} s`
}
