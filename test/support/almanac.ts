import { createAlmanac } from '../../src/app/almanac.ts'
import { dueTimesFrom, nextDue, type Timetable } from '../../src/core/schedule.ts'

export const almanac = createAlmanac()

/** A timetable of a cron expression, unless `what` says otherwise. */
export function timetable(cron: string, timezone = 'UTC', what: Partial<Timetable> = {}): Timetable {
  return { timing: { cron }, timezone, startsAt: null, endsAt: null, createdAt: 0, ...what }
}

/** Up to `count` due times after a moment, all written as ISO texts without milliseconds. */
export function dueTexts(table: Timetable, after: string, count: number): string[] {
  const first = nextDue(table, Date.parse(after), almanac)
  return dueTimesFrom(table, first, count, almanac).map((due) => new Date(due).toISOString().replace('.000Z', 'Z'))
}
