import { writeFile } from 'node:fs/promises'
import { plot, type Theme } from './plot.ts'
import type { Summary } from './statistics.ts'
import type { Table } from './take-turns.ts'

/** What a table is about, and which of its figures is compared. */
export interface Part {
  title: string
  /** The figure whose ratio is printed, and how it is called in words. */
  figure: string
  legend: string[]
  peer: string
}

export function printTable({ title, figure, peer }: Part, table: Table): void {
  const figures = Object.keys(Object.values(table)[0] ?? {})
  const isCompared = Object.keys(table).length > 1
  const columns = [...figures, ...(isCompared ? [`${figure} ÷ ${peer}`] : [])]
  console.log(`\n${title}`)
  console.log(' '.repeat(18) + columns.map((name) => name.padStart(22)).join(''))
  for (const [name, row] of Object.entries(table)) {
    const cells = figures.map((figure) => format(row[figure]))
    if (isCompared) cells.push(format(row[figure]?.ratio, 2))
    console.log(name.padEnd(18) + cells.map((cell) => cell.padStart(22)).join(''))
  }
}

function format(summary: Summary | undefined, digits?: number): string {
  if (!summary) return ''
  const { median, from, to } = summary
  const places = digits ?? (median < 10 ? 2 : 0)
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
  return `${text(median)} (${text(from)}–${text(to)})`
}

/** Writes a table as a chart, for a light and a dark page. */
export async function writePlots(
  file: string,
  { title, legend }: Part,
  figures: string[],
  table: Table
): Promise<void> {
  const bars = Object.entries(table).map(([label, row]) => ({
    label,
    values: figures.flatMap((figure) => row[figure] ?? []),
  }))
  const themes: Theme[] = ['light', 'dark']
  for (const theme of themes)
    await writeFile(`${file}-${theme}.svg`, plot(title, legend, bars, theme))
}
