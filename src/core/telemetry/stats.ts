import { EVENT_TYPES, type EventType } from './event.ts'

/** How often each type of event happened. */
export type EventCounts = Record<EventType, number>

/** Counts are kept per five minutes; midnight in UTC is always the beginning of some. */
export const BUCKET_MS = 300_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const WINDOWS = ['last_24_hours', 'last_1_hours', 'today_so_far'] as const
export type Window = (typeof WINDOWS)[number]

export function noCounts(): EventCounts {
  return Object.fromEntries(EVENT_TYPES.map((type) => [type, 0])) as EventCounts
}

export function addCounts(sum: EventCounts, more: EventCounts): void {
  for (const type of EVENT_TYPES) sum[type] += more[type]
}

/** The start of the five minutes that `ms` lies in. */
export function bucketStart(ms: number): number {
  return Math.floor(ms / BUCKET_MS) * BUCKET_MS
}

/** Where each window begins: with the bucket that its first moment lies in, so that nothing within it is left out. */
export function windowStarts(now: number): Record<Window, number> {
  return {
    last_24_hours: bucketStart(now - DAY_MS),
    last_1_hours: bucketStart(now - HOUR_MS),
    today_so_far: Math.floor(now / DAY_MS) * DAY_MS,
  }
}
