import type { DatabaseSync } from 'node:sqlite'
import type { ScheduleStep } from '../../store/schedules.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import { createMessageBefore } from './message-before.ts'

const STANDING = `select revision, next_at as nextAt from schedule_progress where schedule_id = ?`

const STEP = `
  update schedule_progress
     set next_at = ?, passed_at = max(?, coalesce(passed_at, 0)), run_count = run_count + ?,
         last_run_at = coalesce(?, last_run_at), last_message_id = coalesce(?, last_message_id)
   where schedule_id = ?`

const INSERT_RUN = `
  insert into schedule_runs (schedule_id, due_at, ran_at, message_id, error, skipped_count, first_due_at)
  values (?, ?, ?, ?, ?, ?, ?)`

/**
 * The steps of schedules, within a transaction: first whether each schedule has the expected revision and next run,
 * and the message before is what it should be, then the writing.
 */
export function createScheduleSteps(db: DatabaseSync, shared: { leases: Leases; recipientSets: RecipientSets }) {
  const hasPendingMessage = createMessageBefore(db, shared)
  const [standing, step, insertRun] = [db.prepare(STANDING), db.prepare(STEP), db.prepare(INSERT_RUN)]
  return {
    isAsExpected({ scheduleId, revision, from, messageBefore }: ScheduleStep): boolean {
      const row = standing.get(scheduleId) as { revision: number; nextAt: number | null } | undefined
      if (row === undefined || row.revision !== revision || row.nextAt !== from) return false
      return messageBefore === null || hasPendingMessage(scheduleId) === (messageBefore === 'pending')
    },
    write({ scheduleId, from, nextAt, runs }: ScheduleStep): void {
      let [made, lastRunAt, lastMessageId] = [0, null as number | null, null as string | null]
      for (const { dueAt, ranAt, messageId, error, skipped } of runs) {
        insertRun.run(scheduleId, dueAt, ranAt, messageId, error, skipped?.count ?? null, skipped?.firstAt ?? null)
        if (messageId === null) continue
        made += 1
        lastRunAt = dueAt
        lastMessageId = messageId
      }
      const passedAt = runs.at(-1)?.dueAt ?? from
      step.run(nextAt, passedAt, made, lastRunAt, lastMessageId, scheduleId)
    },
  }
}
