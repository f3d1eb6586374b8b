import type { Bucket } from '../api/types.ts'
import { dateTime, hourMinute } from './format.ts'

/** A time to look at: so long up to now, or a part of it that was picked out. */
export type Range = { lastMs: number } | { since: number; until: number }

const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** What statistics are kept for is a day: longer ranges have nothing to show. */
export const RANGES_MS = [HOUR_MS, 6 * HOUR_MS, DAY_MS] as const

export function boundsOf(range: Range, now: number): { since: number; until: number } {
  return 'lastMs' in range ? { since: now - range.lastMs, until: now } : range
}

/** The periods of a series that begin in the range. */
export function within(series: Bucket[], range: Range, now: number): Bucket[] {
  const { since, until } = boundsOf(range, now)
  return series.filter(({ start }) => start >= since && start <= until)
}

/** "24 h", "14:05 to 15:20". */
export function rangeText(range: Range): string {
  if ('lastMs' in range) return `${range.lastMs / HOUR_MS} h`
  const isOneDay = range.until - range.since < DAY_MS / 2
  return `${dateTime(range.since)} to ${isOneDay ? hourMinute(range.until) : dateTime(range.until)}`
}
