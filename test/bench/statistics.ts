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

/** Returns the value that this part of the values do not exceed. */
export function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
}
