import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Milliseconds, and how many values they stand for. */
export interface Quantiles {
  count: number
  p50: number
  p99: number
  max: number
}

/** Takes microseconds; three significant digits, constant memory. */
export function createDurations(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 })
}

/** A histogram takes no zero: what is faster than a microsecond counts as one. */
export function recordMicros(durations: RecordableHistogram, micros: number): void {
  durations.record(Math.max(micros, 1))
}

export function quantilesOf(durations: RecordableHistogram): Quantiles {
  if (durations.count === 0) return { count: 0, p50: 0, p99: 0, max: 0 }
  const inMs = (micros: number) => micros / 1000
  return {
    count: durations.count,
    p50: inMs(durations.percentile(50)),
    p99: inMs(durations.percentile(99)),
    max: inMs(durations.max),
  }
}
