import { createCronCache } from '../../src/app/caches/cron-cache.ts'
import { dueTimesFrom, nextDue, type Timetable } from '../../src/core/schedule/schedule.ts'

export const cronCache = createCronCache()

/** A timetable of a cron expression, unless `what` says otherwise. */
export function timetable(cron: string, timezone = 'UTC', what: Partial<Timetable> = {}): Timetable {
  return { timing: { cron }, timezone, startsAt: null, endsAt: null, createdAt: 0, ...what }
}

/** Up to `count` due times after a moment, all written as ISO texts without milliseconds. */
export function dueTexts(table: Timetable, after: string, count: number): string[] {
  const first = nextDue(table, Date.parse(after), cronCache)
  return dueTimesFrom(table, first, count, cronCache).map((due) => new Date(due).toISOString().replace('.000Z', 'Z'))
}
