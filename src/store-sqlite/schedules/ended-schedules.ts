import type { DatabaseSync } from 'node:sqlite'
import { type EndingSchedule, overSince } from '../../core/schedule/ended-schedule.ts'
import type { ScheduleStore } from '../../store/schedules.ts'
import type { ChangeLog, Transact } from '../transaction.ts'
import type { createScheduleErasure } from './schedule-erasure.ts'

/** So many schedules, whatever has become of them; their data, which may be long, is left out. */
const SOME = `
  select s.id, s.organization_id as organizationId, s.queue_id as queueId, s.at, s.ends_at as endsAt,
         s.paused = 1 as paused, p.next_at as nextAt, p.passed_at as passedAt, p.last_message_id as lastMessageId
    from schedules s join schedule_progress p on p.schedule_id = s.id
   where s.id > ? order by s.id limit ?`

const MESSAGE_EXISTS = `select 1 from messages where queue_id = ? and id = ?`
const REMEMBER = `insert into removals (kind, id, organization_id) values ('schedule', ?, ?)`

type Row = Omit<EndingSchedule, 'paused'> & {
  paused: number
  id: string
  organizationId: string
  queueId: string
  lastMessageId: string | null
}

/** Removes schedules that are over, once the last message that they made is gone. */
export function createEndedSchedules(
  db: DatabaseSync,
  transact: Transact,
  { changes, erase }: { changes: ChangeLog; erase: ReturnType<typeof createScheduleErasure> },
): Pick<ScheduleStore, 'removeEnded'> {
  const [some, messageExists, remember] = [db.prepare(SOME), db.prepare(MESSAGE_EXISTS), db.prepare(REMEMBER)]

  function isRemovable({ paused, ...row }: Row, before: number): boolean {
    const since = overSince({ ...row, paused: paused === 1 })
    if (since === null || since >= before) return false
    return row.lastMessageId === null || messageExists.get(row.queueId, row.lastMessageId) === undefined
  }

  return {
    async removeEnded({ before, after, limit }) {
      return transact(() => {
        const rows = some.all(after ?? '', limit) as unknown as Row[]
        const ended = rows.filter((row) => isRemovable(row, before))
        for (const { id, organizationId } of ended) {
          erase.schedule(id)
          remember.run(id, organizationId)
          changes.note({ kind: 'schedule_gone', scheduleId: id })
        }
        return { removed: ended.length, after: rows.length < limit ? null : rows.at(-1)!.id }
      })
    },
  }
}
