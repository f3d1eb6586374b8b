import { AFTER_EVERY_ID } from '../../core/id.ts'
import type { ScheduleDetails, ScheduleStore } from '../../store/schedules.ts'
import type { Db } from '../connect/session.ts'
import { onlyOf } from '../listing.ts'
import {
  PROGRESS_COLUMNS,
  progressOf,
  SCHEDULE_COLUMNS,
  SCHEDULE_TABLES,
  type ScheduleDetailsRow,
  scheduleOf,
} from './schedule-row.ts'

const ROWS = `select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${SCHEDULE_TABLES}`

/** The schedules of a deleted queue are swept later; no client may see them until then. */
const QUEUE_THERE = `
  exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = s.queue_id
             and exists (select 1 from discue.organizations o where o.id = q.organization_id))`

const IN_QUEUE = `
  ${ROWS} where s.organization_id = $1 and s.queue_id = $5 and s.id < $2 and ${QUEUE_THERE}
     and ($6::text[] is null or s.id = any($6) or s.queue_id = any($6))
   order by s.id desc limit $3 offset $4`

const OF_ALL = `
  ${ROWS} where s.organization_id = $1 and s.id < $2 and ${QUEUE_THERE} order by s.id desc limit $3 offset $4`

/** Of what is named: schedules, and of queues as many as the page may need, so that no others are looked at. */
const OF_THESE = `
  ${ROWS} where s.organization_id = $1 and ${QUEUE_THERE} and s.id = any(array(
     select i.id from unnest($5::text[]) n(id) join discue.schedules i on i.id = any(array[n.id]) where i.id < $2
      union
     select it.id from (select distinct u.id from unnest($5::text[]) u(id)) n cross join lateral (
       select i.id from discue.schedules i
        where i.organization_id = $1 and i.queue_id = n.id and i.id < $2
        order by i.id desc limit $3::bigint + $4::bigint) it))
   order by s.id desc limit $3 offset $4`

/** Schedules of one queue, or of all queues of an organization, newest first. */
export function createScheduleListing(db: Db): Pick<ScheduleStore, 'list'> {
  function rowsOf({ organizationId, queueId, only, before, offset, limit }: Parameters<ScheduleStore['list']>[0]) {
    const at = [organizationId, before ?? AFTER_EVERY_ID, limit, offset]
    if (queueId !== null) return db.rows<ScheduleDetailsRow>(IN_QUEUE, [...at, queueId, onlyOf(only)])
    if (only === null) return db.rows<ScheduleDetailsRow>(OF_ALL, at)
    return db.rows<ScheduleDetailsRow>(OF_THESE, [...at, onlyOf(only)])
  }

  return {
    async list(ask) {
      return (await rowsOf(ask)).map((row): ScheduleDetails => ({ ...scheduleOf(row), ...progressOf(row) }))
    },
  }
}
