import type { Table } from './interleave.ts'
import type { Summary } from './statistics.ts'

/** What was measured of some subjects. */
export interface Part {
  title: string
  /** The figure that the subjects are compared by, and the subject that it is compared with. */
  figure: string
  peer: string
  table: Table
}

/** What results.json has. */
export interface Results {
  machine: string
  parts: Record<string, Part>
  imageMegabytes?: number
  /** Megabytes of the server after each tenth of the requests. */
  memory?: number[]
}

/** A part as text: medians and quartiles, and how the figure compares, if there is a peer. */
export function formatPart({ title, figure, peer, table }: Part): string {
  const rows = Object.entries(table).map(([name, row]) => {
    const ratios = Object.entries(row).filter(([name]) => name === figure && peer !== '')
    return [
      name,
      ...Object.values(row).map(format),
      ...ratios.map(([, { ratio }]) => format(ratio)),
    ]
  })
  const figures = Object.values(table).slice(0, 1).flatMap(Object.keys)
  const heads = ['', ...figures, ...(peer === '' ? [] : [`${figure} ÷ ${peer}`])]
  const lines = [heads, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(17), ...cells.map((cell) => ` ${cell}`.padStart(22))].join('').trimEnd()
  )
  return [title, ...lines].join('\n')
}

function format({ median, from, to }: Summary): string {
  if (Number.isNaN(median)) return '–'
  const places = median < 10 ? 2 : 0
  const [middle, low, high] = [median, from, to].map((value) =>
    value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
  )
  return `${middle} (${low}–${high})`
}
