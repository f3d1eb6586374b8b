import type { DatabaseSync } from 'node:sqlite'
import type { ScheduleRun, ScheduleStore } from '../../store/schedules.ts'
import { reading, type Transact } from '../transaction.ts'
import { createScheduleErasure } from './schedule-erasure.ts'

const RUNS = `
  select due_at as dueAt, ran_at as ranAt, message_id as messageId, error, skipped_count as skippedCount,
         first_due_at as firstDueAt
    from schedule_runs where schedule_id = ? and due_at < ? order by due_at desc limit ? offset ?`

const RAN_AT = `
  select due_at as dueAt from schedule_runs
   where schedule_id = ? and due_at in (select value from json_each(?)) and skipped_count is null`

/** Most have no old runs; being told so here costs a fifteenth of finding nothing to delete. */
const WITH_OLD_RUNS = `
  select schedule_id as id,
         exists (select 1 from schedule_runs r where r.schedule_id = p.schedule_id and r.due_at < :before) as isOld
    from schedule_progress p where schedule_id > :after order by schedule_id limit :limit`

/** The history of what became of due times. */
export function createScheduleRuns(
  db: DatabaseSync,
  transact: Transact,
  { exists }: { exists: (ask: { organizationId: string; queueId: string; id: string }) => boolean },
): Pick<ScheduleStore, 'runs' | 'ranAt' | 'pruneRuns'> {
  const [runs, ranAt, withOldRuns] = [db.prepare(RUNS), db.prepare(RAN_AT), db.prepare(WITH_OLD_RUNS)]
  const erase = createScheduleErasure(db)
  return {
    async runs({ before, offset, limit, ...ask }) {
      return reading(() => {
        if (!exists(ask)) return null
        const rows = runs.all(ask.id, before ?? Number.MAX_SAFE_INTEGER, limit, offset)
        return (rows as unknown as RunRow[]).map(runOf)
      })
    },
    async ranAt({ scheduleId, dueAts }) {
      return reading(() => ranAt.all(scheduleId, JSON.stringify(dueAts)).map(({ dueAt }) => dueAt as number))
    },
    async pruneRuns({ before, after, limit }) {
      return transact(() => {
        const found = withOldRuns.all({ before, after: after ?? '', limit }) as { id: string; isOld: number }[]
        let removed = 0
        let last = after
        for (const { id, isOld } of found) {
          if (isOld === 1) removed += erase.runs(id, before, limit - removed)
          // More may be left of this one.
          if (removed >= limit) return { removed, after: last }
          last = id
        }
        return { removed, after: found.length < limit ? null : last }
      })
    },
  }
}

type RunRow = Omit<ScheduleRun, 'skipped'> & { skippedCount: number | null; firstDueAt: number | null }

function runOf({ skippedCount, firstDueAt, ...run }: RunRow): ScheduleRun {
  return { ...run, skipped: skippedCount === null ? null : { count: skippedCount, firstAt: firstDueAt! } }
}
