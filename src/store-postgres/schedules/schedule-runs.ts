import type { ScheduleRun, ScheduleStore } from '../../store/schedules.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { restored } from '../connect/text.ts'
import type { Database } from '../connect/transaction.ts'
import { eraseRuns } from './schedule-erasure.ts'

const RUNS = `
  select due_at as "dueAt", ran_at as "ranAt", message_id as "messageId", error,
         skipped_count as "skippedCount", first_due_at as "firstDueAt"
    from discue.schedule_runs
   where organization_id = $1 and schedule_id = $2 and ($3::bigint is null or due_at < $3)
   order by due_at desc limit $4 offset $5`

const RAN_AT = `
  select due_at as "dueAt" from discue.schedule_runs
   where organization_id = $1 and schedule_id = $2 and due_at = any($3::bigint[]) and skipped_count is null`

const IDS = `
  select organization_id as "organizationId", schedule_id as id from discue.schedule_progress
   where schedule_id > $1 order by schedule_id limit $2`

/** The history of what became of due times. */
export function createScheduleRuns(
  { transact, snapshot, db }: Database,
  { exists }: { exists: (on: Db, ask: { organizationId: string; queueId: string; id: string }) => Promise<boolean> },
): Pick<ScheduleStore, 'runs' | 'ranAt' | 'pruneRuns'> {
  async function pruneRuns(on: Db, before: number, after: string | null, limit: number) {
    const found = await on.rows<{ organizationId: string; id: string }>(IDS, [after ?? '', limit])
    let removed = 0
    let last = after
    for (const place of found) {
      removed += await eraseRuns(on, place, before, limit - removed)
      // More may be left of this one.
      if (removed >= limit) return { removed, after: last }
      last = place.id
    }
    return { removed, after: found.length < limit ? null : last }
  }

  return {
    async runs({ before, offset, limit, ...ask }) {
      return snapshot(async (on) => {
        if (!(await exists(on, ask))) return null
        const rows = await on.rows<RunRow>(RUNS, [ask.organizationId, ask.id, before, limit, offset])
        return rows.map(runOf)
      })
    },
    async ranAt({ organizationId, scheduleId, dueAts }) {
      const rows = await db.rows<{ dueAt: number }>(RAN_AT, [organizationId, scheduleId, numbers(dueAts)])
      return rows.map(({ dueAt }) => dueAt)
    },
    pruneRuns: ({ before, after, limit }) => transact((on) => pruneRuns(on, before, after, limit)),
  }
}

type RunRow = Omit<ScheduleRun, 'skipped'> & { skippedCount: number | null; firstDueAt: number | null }

function runOf({ skippedCount, firstDueAt, error, ...run }: RunRow): ScheduleRun {
  const skipped = skippedCount === null ? null : { count: skippedCount, firstAt: firstDueAt! }
  return { ...run, error: error === null ? null : restored(error), skipped }
}
