import type { DatabaseSync } from 'node:sqlite'
import { AFTER_EVERY_ID } from '../../core/id.ts'
import type { ScheduleDetails, ScheduleStore } from '../../store/schedules.ts'
import { onlyOf } from '../listing.ts'
import { reading } from '../transaction.ts'
import { PROGRESS_COLUMNS, progressOf, SCHEDULE_COLUMNS, type ScheduleDetailsRow, scheduleOf } from './schedule-row.ts'

const COLUMNS = `select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}`
const PROGRESS = `join schedule_progress p on p.schedule_id = s.id`

const IN_QUEUE = `
  ${COLUMNS} from schedules s ${PROGRESS}
   where s.queue_id = :queueId and s.id < :before and +s.organization_id = :organizationId
     and (:only is null or s.id in (select value from json_each(:only)) or s.queue_id in (select value from json_each(:only)))
   order by s.id desc limit :limit offset :offset`

/** The schedules of a deleted queue are swept later; no client may see them until then. */
const QUEUE_THERE = `
  exists (select 1 from queues q join organizations o on o.id = q.organization_id
           where q.organization_id = s.organization_id and q.id = s.queue_id)`

const OF_ALL = `
  ${COLUMNS} from schedules s ${PROGRESS}
   where s.organization_id = :organizationId and s.id < :before and ${QUEUE_THERE}
   order by s.id desc limit :limit offset :offset`

/** Of what is named: schedules, and of queues as many as the page may need, so that no others are looked at. */
const OF_THESE = `
  with named(id) as (select distinct value from json_each(:only)),
  found(id) as (
    select s.id from named n cross join schedules s on s.id = n.id where s.id < :before
     union
    select s.id from named n cross join schedules s on s.id in (
      select i.id from schedules i where i.queue_id = n.id and i.id < :before order by i.id desc limit :limit + :offset)
  )
  ${COLUMNS} from found f cross join schedules s on s.id = f.id ${PROGRESS}
   where s.organization_id = :organizationId and ${QUEUE_THERE}
   order by s.id desc limit :limit offset :offset`

/** Schedules of one queue, or of all queues of an organization, newest first. */
export function createScheduleListing(
  db: DatabaseSync,
  queueExists: (organizationId: string, queueId: string) => boolean,
): Pick<ScheduleStore, 'list'> {
  const [inQueue, ofAll, ofThese] = [db.prepare(IN_QUEUE), db.prepare(OF_ALL), db.prepare(OF_THESE)]

  function rowsOf({ only, before, queueId, ...ask }: Parameters<ScheduleStore['list']>[0]) {
    const at = { ...ask, before: before ?? AFTER_EVERY_ID }
    if (queueId !== null) {
      return queueExists(ask.organizationId, queueId) ? inQueue.all({ ...at, queueId, only: onlyOf(only) }) : []
    }
    return only === null ? ofAll.all(at) : ofThese.all({ ...at, only: onlyOf(only) })
  }

  return {
    list: async (ask) =>
      reading(() =>
        (rowsOf(ask) as unknown as ScheduleDetailsRow[]).map((row): ScheduleDetails => {
          return { ...scheduleOf(row), ...progressOf(row) }
        }),
      ),
  }
}
