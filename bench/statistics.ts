/** The value at a part of the way through sorted values: 0.5 for the median. */
export function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
}

export interface Summary {
  median: number
  /** The quartiles: half of the values are between them. */
  from: number
  to: number
}

export function summarize(values: number[]): Summary {
  return {
    median: quantile(values, 0.5),
    from: quantile(values, 0.25),
    to: quantile(values, 0.75),
  }
}
