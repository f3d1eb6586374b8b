import { usedByOptions, usedBySchedule } from '../../core/feature.ts'
import { changedBody } from '../../core/message/body.ts'
import { dueAtOf, plannedRun } from '../../core/schedule/jitter.ts'
import { dueTimesFrom, firstDue, nextDue, type Schedule, unreadable } from '../../core/schedule/schedule.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { ScheduleDetails } from '../../store/schedules.ts'
import { loadRoute } from '../accept-message.ts'
import type { AppDeps } from '../deps.ts'
import { expectUnderstood } from '../limits/features.ts'
import {
  expectHeaders,
  expectJitter,
  expectReadable,
  expectRuns,
  type ScheduleChanges,
  sameTimetable,
  withZone,
} from './schedule-settings.ts'

type Deps = Pick<AppDeps, 'store' | 'runtime' | 'cronCache' | 'directory' | 'schemaChecks'>

/** Due times of which is looked up whether they have been run, after a clock that was ahead. */
const LOOKED_AT = 100

/**
 * Writes the schedule with what is changed of it, where it is still as it was read. Throws `invalid` for what it cannot be,
 * and what a queue's schema and an older node on the database refuse.
 */
export async function replace(deps: Deps, current: Revised<ScheduleDetails>, { body, ...changes }: ScheduleChanges) {
  const now = deps.runtime.now()
  const { nextAt, passedAt, lastRunAt: _l, lastMessageId: _m, runCount: _c, revision, ...before } = current
  const schedule: Schedule = withZone({ ...before, ...changes, ...(body && changedBody(before, body)), updatedAt: now })
  const isOther = schedule.data !== before.data || schedule.mediaType !== before.mediaType
  if (isOther) deps.schemaChecks.expectFit((await loadRoute(deps, before)).queue, schedule)
  expectUnderstood(deps, usedByOptions(schedule, before))
  if (schedule.headers !== before.headers) expectHeaders(schedule)
  const retimed = !sameTimetable(schedule, before)
  if (retimed) {
    expectRuns(deps, schedule, now)
    expectUnderstood(deps, usedBySchedule(schedule))
  }
  const rejittered = schedule.jitterMs !== before.jitterMs
  if (retimed || rejittered) expectJitter(deps, schedule, now)
  const replanned = retimed || rejittered || schedule.paused !== before.paused
  if (replanned && !schedule.paused) expectReadable(deps, schedule)
  const pendingDue = nextAt === null ? null : pendingDueOf(deps, before, schedule, { nextAt, now })
  const planned = schedule.paused || !replanned ? null : await plan(deps, schedule, { now, passedAt, pendingDue })
  const expected = { revision, nextAt }
  return deps.store.schedules.replace({ schedule, nextAt: replanned ? planned : nextAt, expected })
}

/** A due time that is over but has not run yet because of its jitter, where it is one by the changed timetable too. */
function pendingDueOf(
  { cronCache }: Deps,
  before: Schedule,
  schedule: Schedule,
  { nextAt, now }: { nextAt: number; now: number },
): number | null {
  if (before.jitterMs === 0 || unreadable(before, cronCache) !== null || unreadable(schedule, cronCache) !== null) {
    return null
  }
  const dueAt = dueAtOf(before, nextAt, cronCache)
  const isOver = dueAt <= now
  // What should have run by now has been, or is about to be, unless nothing but the jitter changes.
  if (!isOver || (nextAt <= now && !sameTimetable(before, schedule))) return null
  return nextDue(schedule, dueAt - 1, cronCache) === dueAt ? dueAt : null
}

/**
 * When it runs next. From now on, also where it was past that before the clock was set back: then what has been run is
 * left out, as far as a look at the next due times shows; the scheduler leaves out the rest.
 */
async function plan(
  deps: Deps,
  schedule: Schedule,
  { now, passedAt, pendingDue }: { now: number; passedAt: number | null; pendingDue: number | null },
): Promise<number | null> {
  const { cronCache } = deps
  const first = pendingDue ?? firstDue(schedule, now, cronCache)
  const due = first === null || passedAt === null || first > passedAt ? first : await firstNotRun(deps, schedule, first)
  return plannedRun(schedule, due, cronCache)?.runAt ?? null
}

async function firstNotRun({ store, cronCache }: Deps, schedule: Schedule, first: number): Promise<number | null> {
  const dueAts = dueTimesFrom(schedule, first, LOOKED_AT, cronCache)
  const ran = await store.schedules.ranAt({ organizationId: schedule.organizationId, scheduleId: schedule.id, dueAts })
  return dueAts.find((dueAt) => !ran.includes(dueAt)) ?? nextDue(schedule, dueAts.at(-1)!, cronCache)
}
