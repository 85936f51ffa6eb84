import { writeFile } from 'node:fs/promises'
import type { Part } from './report.ts'
import type { Summary } from './statistics.ts'

interface Bar {
  label: string
  /** Drawn over each other. */
  values: Summary[]
}

const themes = {
  light: { text: '#1f2328', grid: '#d1d9e0', bars: ['#0969da', '#80b3ee'], error: '#1f2328' },
  dark: { text: '#f0f6fc', grid: '#3d444d', bars: ['#4493f8', '#1d4f8f'], error: '#f0f6fc' },
}

type Theme = keyof typeof themes

const [left, right, top, line, height] = [150, 70, 56, 34, 18]
const width = 720

/**
 * Writes figures of a part as charts, for a light and a dark page.
 *
 * @param legend what each of the figures is; the longest last
 */
export async function writePlots(
  file: string,
  { title, table }: Part,
  legend: Record<string, string>
): Promise<void> {
  const bars = Object.entries(table).map(([label, row]) => ({
    label,
    values: Object.keys(legend).flatMap((figure) => row[figure] ?? []),
  }))
  const each: Theme[] = ['light', 'dark']
  for (const theme of each)
    await writeFile(`${file}-${theme}.svg`, plot(title, Object.values(legend), bars, theme))
}

/** A chart of horizontal bars as SVG: medians, with the quartiles of the longest value as a line. */
function plot(title: string, legend: string[], bars: Bar[], theme: Theme): string {
  const { text, grid, bars: colours, error } = themes[theme]
  const most = Math.max(...bars.flatMap(({ values }) => values.map(({ to }) => to)))
  const step = roundStep(most / 5)
  const scale = (value: number) => left + (value / most) * (width - left - right)
  const bottom = top + bars.length * line

  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step)
  const gridLines = ticks.map(
    (
      tick
    ) => `<line x1="${scale(tick)}" x2="${scale(tick)}" y1="${top - 4}" y2="${bottom}" stroke="${grid}"/>
<text x="${scale(tick)}" y="${bottom + 16}" text-anchor="middle">${tick.toLocaleString('en')}</text>`
  )
  const rows = bars.map(({ label, values }, i) => {
    const y = top + i * line + (line - height) / 2
    const rectangles = values
      .map((value, j) => ({ ...value, colour: colours[j] }))
      .reverse()
      .map(({ median, colour }) => rectangle(left, y, scale(median) - left, height, colour))
    const last = values.at(-1)
    if (!last) return ''
    const middle = y + height / 2
    return `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${label}</text>
${rectangles.join('\n')}
<line x1="${scale(last.from)}" x2="${scale(last.to)}" y1="${middle}" y2="${middle}" stroke="${error}" stroke-width="2"/>
<text x="${scale(last.to) + 6}" y="${middle + 4}">${format(last.median)}</text>`
  })
  const keys = legend.map(
    (name, i) => `${rectangle(left + i * 220, 30, 10, 10, colours[i])}
<text x="${left + 16 + i * 220}" y="39">${name}</text>`
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 24}" width="${width}" height="${bottom + 24}" role="img" aria-label="${title}" font-family="system-ui, sans-serif" font-size="12" fill="${text}">
<text x="${left}" y="18" font-size="14" font-weight="600">${title}</text>
${[...keys, ...gridLines, ...rows].join('\n')}
</svg>
`
}

function rectangle(x: number, y: number, width: number, height: number, colour = ''): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"/>`
}

/** The next of 1, 2, 5, 10, 20, … */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10)
}

function format(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
}
