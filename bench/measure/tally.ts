import type { RecordableHistogram } from 'node:perf_hooks'
import { sentAtOf, sequenceOf } from '../load/payload.ts'
import { monotonicMicros } from './clock.ts'
import { type Quantiles, quantilesOf, recordMicros } from './quantiles.ts'

/** The sequence numbers that a round will send: `count` of them from `first`. */
export interface Range {
  first: number
  count: number
}

export interface TallyFigures {
  distinct: number
  duplicates: number
  /** Messages of an earlier round, received again. */
  strays: number
  malformed: number
  /** Microseconds of the monotonic clock; 0 before the first message. */
  lastReceivedAt: number
  /** From the time at which a message was meant to be sent until it was received. */
  latency: Quantiles
}

/** What a receiver knows of one round: which of its messages came, how often, and when. */
export interface Tally {
  take(data: Buffer): void
  counts: Omit<TallyFigures, 'latency'>
  durations: RecordableHistogram
}

/** Several tallies may record into one histogram. */
export function createTally(range: Range, durations: RecordableHistogram): Tally {
  const seen = new Uint8Array(range.count)
  const counts = { distinct: 0, duplicates: 0, strays: 0, malformed: 0, lastReceivedAt: 0 }

  function take(data: Buffer): void {
    const now = monotonicMicros()
    const place = sequenceOf(data) - range.first
    if (Number.isNaN(place)) counts.malformed++
    else if (place < 0 || place >= range.count) counts.strays++
    else if (seen[place] === 1) counts.duplicates++
    else {
      seen[place] = 1
      counts.distinct++
      counts.lastReceivedAt = now
      recordMicros(durations, now - sentAtOf(data))
    }
  }

  return { take, counts, durations }
}

/** What several receivers of the same messages, which share a histogram, have received together. */
export function sumOf(tallies: readonly Tally[]): TallyFigures {
  const sum = { distinct: 0, duplicates: 0, strays: 0, malformed: 0, lastReceivedAt: 0 }
  for (const { counts } of tallies) {
    sum.distinct += counts.distinct
    sum.duplicates += counts.duplicates
    sum.strays += counts.strays
    sum.malformed += counts.malformed
    sum.lastReceivedAt = Math.max(sum.lastReceivedAt, counts.lastReceivedAt)
  }
  return { ...sum, latency: quantilesOf(tallies[0]!.durations) }
}
