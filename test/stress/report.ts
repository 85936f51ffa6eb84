import type { Ledger } from './ledger.ts'
import type { Overload } from './overload.ts'

const rows: [title: string, cell: (ledger: Ledger) => number | string][] = [
  ['greetings sent', ({ sent }) => sent],
  ['answered', ({ answered }) => answered],
  ['503, database', ({ unavailable }) => unavailable],
  ['503, load', ({ shed }) => shed],
  ['no response', ({ unanswered }) => unanswered],
  ['recorded', ({ recorded }) => recorded],
  ['lost', ({ lost }) => lost],
  ['doubled', ({ doubled }) => doubled],
  ['slowest greeting', ({ slowest }) => `${(slowest / 1000).toFixed(2)} s`],
  ['slowest 503 for load', ({ slowestShed }) => `${(slowestShed / 1000).toFixed(2)} s`],
  ['peak memory', ({ peakMemory }) => (peakMemory ? `${Math.round(peakMemory / 1e6)} MB` : '?')],
]

/** A table of what came of each part of a run. */
export function formatLedgers(ledgers: Record<string, Ledger>): string {
  const lines = rows.map(([title, cell]) => [title, ...Object.values(ledgers).map(cell)])
  return [['', ...Object.keys(ledgers)], ...lines]
    .map(([title, ...cells]) => {
      const columns = cells.map((cell) => cell.toLocaleString('en').padStart(12))
      return String(title).padEnd(21) + columns.join('')
    })
    .join('\n')
}

/** How often each fault was done, as text. */
export function formatFaults(injected: Map<string, number>): string {
  const faults = [...injected].sort(([, a], [, b]) => b - a)
  const texts = faults.map(([fault, count]) => `${count.toLocaleString('en')} × ${fault}`)
  return texts.join(`\n${' '.repeat(12)}`)
}

export function formatOverload({ capacity, asked, answered, recovery, held }: Overload): string {
  const [carried, more, kept] = [capacity, asked, answered].map(Math.round)
  return `asked for ${more} greetings a second, a server that carries ${carried} answered ${kept};
            it was back to normal after ${Math.round(recovery)} ms, and bore with those who only
            hold on to it for ${held.toFixed(1)} s at most`
}
