import type { Schedule, ScheduleProgress } from './schedule.ts'

/** What tells whether a schedule is over; `at` is null for one that is due more than once. */
export type EndingSchedule = Pick<Schedule, 'paused' | 'endsAt'> &
  Pick<ScheduleProgress, 'nextAt' | 'passedAt'> & { at: number | null }

/**
 * Since when a schedule is over for good (epoch ms): one that was due once has run, or the end of another has passed. Null
 * where it may run again: it has a due time, is paused, or has none only because this server cannot read it. One whose end
 * is yet to come is not over by itself, for it may be a clock that was ahead that took its due times.
 */
export function overSince({ paused, endsAt, nextAt, passedAt, at }: EndingSchedule): number | null {
  if (paused || nextAt !== null) return null
  return at === null ? endsAt : Math.max(at, passedAt ?? at)
}
