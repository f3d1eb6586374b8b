import type { Bucket, Counts, EventType } from '../api/types.ts'

/** Joins neighbouring buckets, so many to one: five minutes of a day are finer than a line can show. */
export function coarser(series: Bucket[], size: number): Bucket[] {
  const joined: Bucket[] = []
  for (let from = 0; from < series.length; from += size) {
    const counts: Counts = {}
    for (const bucket of series.slice(from, from + size)) {
      for (const [type, count] of Object.entries(bucket.counts) as [EventType, number][]) {
        counts[type] = (counts[type] ?? 0) + count
      }
    }
    joined.push({ start: series[from]!.start, counts })
  }
  return joined
}
