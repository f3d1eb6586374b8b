import type { DatabaseSync } from 'node:sqlite'

const DELETE_RUNS = `
  delete from schedule_runs where (schedule_id, due_at) in
    (select schedule_id, due_at from schedule_runs where schedule_id = ? and due_at < ? limit ?)`
const DELETE_PROGRESS = `delete from schedule_progress where schedule_id = ?`
const DELETE_SCHEDULE = `delete from schedules where id = ?`
const OF_QUEUE = `select id from schedules where queue_id = ? limit ?`

/** Takes schedules and the history of their runs out of their tables, within a transaction. */
export function createScheduleErasure(db: DatabaseSync) {
  const [deleteRuns, ofQueue] = [db.prepare(DELETE_RUNS), db.prepare(OF_QUEUE)]
  const [deleteProgress, deleteSchedule] = [db.prepare(DELETE_PROGRESS), db.prepare(DELETE_SCHEDULE)]
  const runs = (id: string, before: number, limit: number) => Number(deleteRuns.run(id, before, limit).changes)
  const schedule = (id: string) => {
    deleteProgress.run(id)
    return Number(deleteSchedule.run(id).changes)
  }
  return {
    /** Up to `limit` runs of due times before `before`; answers with how many. */
    runs,
    /** The schedule itself, without its runs; answers with 1, or 0 where there is none. */
    schedule,
    /** Up to `limit` rows of all that a queue has; a schedule after its runs. Answers with how many. */
    ofQueue(queueId: string, limit: number): number {
      let left = limit
      for (const { id } of ofQueue.all(queueId, limit) as { id: string }[]) {
        left -= runs(id, Number.MAX_SAFE_INTEGER, left)
        if (left === 0) break
        left -= schedule(id)
        if (left === 0) break
      }
      return limit - left
    },
  }
}
