export interface Summary {
  median: number
  /** The quartiles: half of the values are between them. */
  from: number
  to: number
}

export function summarize(values: number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { median: at(0.5), from: at(0.25), to: at(0.75) }
}
