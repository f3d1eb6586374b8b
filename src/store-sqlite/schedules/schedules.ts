import type { DatabaseSync } from 'node:sqlite'
import type { Schedule } from '../../core/schedule/schedule.ts'
import { failsIfMatch } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { ScheduleDetails, ScheduleStore } from '../../store/schedules.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import { unlessTaken } from '../errors.ts'
import { createEffectRecords } from '../idempotency-records.ts'
import { createRefusal } from '../quotas.ts'
import { type ChangeLog, reading, type Transact } from '../transaction.ts'
import { createDueSchedules } from './due-schedules.ts'
import { createEndedSchedules } from './ended-schedules.ts'
import { createScheduleErasure } from './schedule-erasure.ts'
import { createScheduleListing } from './schedule-listing.ts'
import {
  PROGRESS_COLUMNS,
  progressOf,
  SCHEDULE_COLUMNS,
  type ScheduleDetailsRow,
  scheduleOf,
  timingColumnsOf,
} from './schedule-row.ts'
import { createScheduleRuns } from './schedule-runs.ts'

const INSERT = `
  insert into schedules
    (id, organization_id, queue_id, created_at, name, cron, every_ms, period, at, timezone, message_name, starts_at,
     ends_at, paused, catch_up, key, headers, expires_in_ms, overlap, jitter_ms, updated_at, data, media_type)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_PROGRESS = `
  insert into schedule_progress (organization_id, schedule_id, revision, next_at, run_count) values (?, ?, 1, ?, 0)`

const BOTH = `from schedules s join schedule_progress p on p.schedule_id = s.id`

const GET = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${BOTH} where s.id = ? and s.organization_id = ? and s.queue_id = ?`

const REPLACE = `
  update schedules
     set name = ?, cron = ?, every_ms = ?, period = ?, at = ?, timezone = ?, message_name = ?, starts_at = ?,
         ends_at = ?, paused = ?, catch_up = ?, key = ?, headers = ?, expires_in_ms = ?, overlap = ?, jitter_ms = ?, updated_at = ?, data = ?,
         media_type = ?
   where id = ?`

const REPLAN = `update schedule_progress set next_at = ?, revision = revision + 1 where schedule_id = ?`

const REMEMBER = `insert into removals (kind, id, organization_id) values ('schedule', ?, ?)`
const QUEUE_EXISTS = `
  select 1 from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

export function createScheduleStore(
  db: DatabaseSync,
  transact: Transact,
  shared: { changes: ChangeLog; leases: Leases; recipientSets: RecipientSets },
): ScheduleStore {
  const { changes } = shared
  const [insert, insertProgress, get] = [db.prepare(INSERT), db.prepare(INSERT_PROGRESS), db.prepare(GET)]
  const [replace, replan] = [db.prepare(REPLACE), db.prepare(REPLAN)]
  const [remember, queueExists] = [db.prepare(REMEMBER), db.prepare(QUEUE_EXISTS)]
  const refusal = createRefusal(db, 'schedules')
  const answers = createEffectRecords(db)
  const erase = createScheduleErasure(db)

  function find(ask: { organizationId: string; queueId: string; id: string }): Revised<ScheduleDetails> | null {
    // The schedules of a deleted queue are swept later; no client may see them until then.
    if (queueExists.get(ask.organizationId, ask.queueId) === undefined) return null
    const row = get.get(ask.id, ask.organizationId, ask.queueId) as ScheduleDetailsRow | undefined
    return row === undefined ? null : detailsOf(row)
  }

  function add(schedule: Schedule, nextAt: number | null): void {
    const { id, organizationId, queueId, createdAt } = schedule
    insert.run(id, organizationId, queueId, createdAt, ...columnsOf(schedule))
    insertProgress.run(organizationId, id, nextAt)
  }

  return {
    async create(schedule, nextAt, answer) {
      return unlessTaken(() =>
        transact(() => {
          const { organizationId, queueId } = schedule
          if (queueExists.get(organizationId, queueId) === undefined) return 'queue_not_found'
          if (answers.has(answer)) return 'answered'
          const refused = refusal(organizationId)
          if (refused !== null) return refused
          answers.write(answer)
          add(schedule, nextAt)
          if (nextAt !== null) changes.note({ kind: 'schedule_due', dueAt: nextAt })
          return 'created'
        }),
      )
    },
    async get(ask) {
      return reading(() => find(ask))
    },
    ...createScheduleListing(db, (organizationId, id) => queueExists.get(organizationId, id) !== undefined),
    async replace({ schedule, nextAt, expected }) {
      return unlessTaken(() =>
        transact(() => {
          const current = find(schedule)
          if (current === null) return 'not_found'
          if (current.revision !== expected.revision || current.nextAt !== expected.nextAt) return 'passed'
          replace.run(...columnsOf(schedule), schedule.id)
          replan.run(nextAt, schedule.id)
          if (nextAt !== null) changes.note({ kind: 'schedule_due', dueAt: nextAt })
          return { ...current, ...schedule, nextAt, revision: current.revision + 1 }
        }),
      )
    },
    async delete(ask) {
      return transact(() => {
        const found = find(ask)
        if (found === null) return 'not_found'
        if (failsIfMatch(found.revision, ask.ifMatch)) return 'changed'
        erase.schedule(ask.id)
        remember.run(ask.id, ask.organizationId)
        changes.note({ kind: 'schedule_gone', scheduleId: ask.id })
        return 'deleted'
      })
    },
    ...createScheduleRuns(db, transact, { exists: (ask) => find(ask) !== null }),
    ...createDueSchedules(db, transact, shared),
    ...createEndedSchedules(db, transact, { changes, erase }),
  }
}

function detailsOf(row: ScheduleDetailsRow): Revised<ScheduleDetails> {
  return { ...scheduleOf(row), ...progressOf(row), revision: row.revision }
}

/** What can change of a schedule, in the order of the columns. */
function columnsOf(schedule: Schedule) {
  const { name, timing, timezone, messageName, startsAt, endsAt, paused, catchUp, updatedAt, data, mediaType } =
    schedule
  const { key, headers, expiresInMs, overlap, jitterMs } = schedule
  const when = [...timingColumnsOf(timing), timezone] as const
  const rules = [paused ? 1 : 0, catchUp, key, headers, expiresInMs, overlap, jitterMs] as const
  return [name, ...when, messageName, startsAt, endsAt, ...rules, updatedAt, data, mediaType] as const
}
