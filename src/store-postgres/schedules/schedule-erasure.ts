import type { Db } from '../connect/session.ts'
import { deletePicked } from '../listing.ts'

const DELETE_RUNS = deletePicked(
  'discue.schedule_runs',
  'organization_id, schedule_id, due_at',
  `select organization_id, schedule_id, due_at from discue.schedule_runs
    where organization_id = $1 and schedule_id = $2 and ($3::bigint is null or due_at < $3) limit $4`,
)
const DELETE_PROGRESS = `delete from discue.schedule_progress where organization_id = $1 and schedule_id = $2`
const DELETE_SCHEDULE = `delete from discue.schedules where organization_id = $1 and id = $2`
const OF_QUEUE = `select id from discue.schedules where organization_id = $1 and queue_id = $2 limit $3`

interface ScheduleRef {
  organizationId: string
  id: string
}

/** Removes up to `limit` runs of due times before `before`, or of all, within a transaction; answers with how many. */
export function eraseRuns(
  db: Db,
  { organizationId, id }: ScheduleRef,
  before: number | null,
  limit: number,
): Promise<number> {
  return db.run(DELETE_RUNS, [organizationId, id, before, limit])
}

/** The schedule itself, without its runs; answers with 1, or 0 where there is none. */
export async function eraseSchedule(db: Db, { organizationId, id }: ScheduleRef): Promise<number> {
  await db.run(DELETE_PROGRESS, [organizationId, id])
  return db.run(DELETE_SCHEDULE, [organizationId, id])
}

/** Up to `limit` rows of all that a queue has; a schedule after its runs. Answers with how many. */
export async function eraseSchedulesOf(
  db: Db,
  { organizationId, queueId }: { organizationId: string; queueId: string },
  limit: number,
): Promise<number> {
  let left = limit
  for (const { id } of await db.rows<{ id: string }>(OF_QUEUE, [organizationId, queueId, limit])) {
    left -= await eraseRuns(db, { organizationId, id }, null, left)
    if (left > 0) left -= await eraseSchedule(db, { organizationId, id })
    if (left === 0) break
  }
  return limit - left
}
