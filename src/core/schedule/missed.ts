import { runAtOf } from './jitter.ts'
import { type CronCache, countDue, lastDueBefore, nextDue, type Schedule } from './schedule.ts'

/** Due times that were passed over, one after the other. */
export interface Skipped {
  count: number
  firstAt: number
  lastAt: number
}

/** A due time is run late, though its schedule catches nothing up, where less than this has passed: a restart costs nothing. */
const LATE_MS = 60_000

/** Why due times were passed over. */
export const NO_SERVER = 'no server was running'

/**
 * What becomes of the due times of a schedule, from `nextAt` on, that were to run before `since`: no server was running then.
 * Answers with the due time to go on with (null: none follows) and what is passed over before it. The same on every store
 * and every node: `all` runs each; `last` the newest alone, as does `none` while that is less than a minute past; what is
 * due once runs however late it is.
 */
export function catchUp(
  schedule: Schedule,
  { nextAt, since, cronCache }: { nextAt: number; since: number; cronCache: CronCache },
): { nextAt: number | null; skipped: Skipped | null } {
  if (runAtOf(schedule, nextAt, cronCache) >= since || schedule.catchUp === 'all' || 'at' in schedule.timing) {
    return { nextAt, skipped: null }
  }
  const newest = lastRunBefore(schedule, since, nextAt, cronCache)
  const runsNewest = schedule.catchUp === 'last' || since - runAtOf(schedule, newest, cronCache) < LATE_MS
  const goesOn = runsNewest ? newest : nextDue(schedule, newest, cronCache)
  if (goesOn === nextAt) return { nextAt, skipped: null }
  const lastAt = runsNewest ? lastDueBefore(schedule, newest, nextAt, cronCache) : newest
  return { nextAt: goesOn, skipped: { count: countDue(schedule, nextAt, lastAt, cronCache), firstAt: nextAt, lastAt } }
}

/** The last due time that was to run before `since`; of those that lie before, only the last one may run later. */
function lastRunBefore(schedule: Schedule, since: number, first: number, cronCache: CronCache): number {
  const newest = lastDueBefore(schedule, since, first, cronCache)
  const isOver = newest === first || runAtOf(schedule, newest, cronCache) < since
  return isOver ? newest : lastDueBefore(schedule, newest, first, cronCache)
}
