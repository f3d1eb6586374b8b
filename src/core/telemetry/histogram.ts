/** Counts values by size, in memory and without making garbage. Each bound includes what equals it. */
export class Histogram {
  /** Ascending. */
  readonly bounds: readonly number[]
  /** How many values lie within each bound and above the one before; the last counts what is beyond all of them. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let place = 0
    while (place < this.bounds.length && value > this.bounds[place]!) place += 1
    this.counts[place]! += 1
    this.sum += value
  }
}
