/** What several rounds say of one figure. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** Throws where there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const [lower, upper] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (lower === undefined || upper === undefined) throw new Error('no rounds, no spread')
  return { median: (lower + upper) / 2, min: sorted[0]!, max: sorted.at(-1)! }
}

/** `2,410 (2,380–2,455)` */
export function showSpread({ median, min, max }: Spread, digits = 0): string {
  return `${showNumber(median, digits)} (${showNumber(min, digits)}–${showNumber(max, digits)})`
}

export function showNumber(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export function showMegabytes(bytes: number): string {
  return `${showNumber(bytes / 1_000_000)} MB`
}
