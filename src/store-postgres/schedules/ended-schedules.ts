import { type EndingSchedule, overSince } from '../../core/schedule/ended-schedule.ts'
import type { ScheduleStore } from '../../store/schedules.ts'
import type { Publish } from '../cluster/publish.ts'
import { texts } from '../connect/arrays.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import { SCHEDULE_TABLES } from './schedule-row.ts'

const COLUMNS = `
  select s.id, s.organization_id as "organizationId", s.at, s.ends_at as "endsAt", s.paused, p.next_at as "nextAt",
         p.passed_at as "passedAt"`

/** So many schedules, whatever has become of them; their data, which may be long, is left out. */
const SOME = `${COLUMNS} ${SCHEDULE_TABLES} where s.id > $1 order by s.id limit $2`

/** Of these, what no other transaction changes just now, and whose last message is gone. */
const LOCKED = `
  ${COLUMNS} ${SCHEDULE_TABLES}
   where s.id = any($1)
     and not exists (select 1 from discue.messages m
                      where m.organization_id = s.organization_id and m.queue_id = s.queue_id and m.id = p.last_message_id)
   order by s.id for update of p skip locked`

const OF_THESE = `
  using unnest($1::text[], $2::text[]) u(organization, id) where t.organization_id = any(array[u.organization])`
const DELETE_PROGRESS = `delete from discue.schedule_progress t ${OF_THESE} and t.schedule_id = u.id`
const DELETE_SCHEDULES = `delete from discue.schedules t ${OF_THESE} and t.id = u.id`
const REMEMBER = `
  insert into discue.removals (kind, id, organization_id)
  select 'schedule', u.id, u.organization from unnest($1::text[], $2::text[]) u(organization, id)`

type Row = EndingSchedule & { id: string; organizationId: string }

/** Removes schedules that are over, once the last message that they made is gone. */
export function createEndedSchedules(
  { transact, db }: Database,
  { publish }: { publish: Publish },
): Pick<ScheduleStore, 'removeEnded'> {
  async function remove(on: Transaction, candidates: readonly Row[], before: number): Promise<number> {
    const rows = await on.rows<Row>(LOCKED, [texts(candidates.map(({ id }) => id))])
    // They may have been changed since they were looked at.
    const ended = rows.filter((row) => isOver(row, before))
    if (ended.length === 0) return 0
    const values = [texts(ended.map(({ organizationId }) => organizationId)), texts(ended.map(({ id }) => id))]
    await on.run(DELETE_PROGRESS, values)
    await on.run(DELETE_SCHEDULES, values)
    await on.run(REMEMBER, values)
    await publish(on, ...ended.map(({ id }) => ({ kind: 'schedule_gone' as const, scheduleId: id })))
    return ended.length
  }

  return {
    async removeEnded({ before, after, limit }) {
      const rows = await db.rows<Row>(SOME, [after ?? '', limit])
      const candidates = rows.filter((row) => isOver(row, before))
      const removed = candidates.length === 0 ? 0 : await transact((on) => remove(on, candidates, before))
      return { removed, after: rows.length < limit ? null : rows.at(-1)!.id }
    },
  }
}

function isOver(row: Row, before: number): boolean {
  const since = overSince(row)
  return since !== null && since < before
}
