import type { Schedule } from '../../core/schedule/schedule.ts'
import { failsIfMatch } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { ScheduleDetails, ScheduleStore } from '../../store/schedules.ts'
import { lockQueue } from '../cluster/locks.ts'
import type { Clock } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import type { Db } from '../connect/session.ts'
import { stored } from '../connect/text.ts'
import type { Database } from '../connect/transaction.ts'
import { unlessTaken } from '../errors.ts'
import { hasRecord, writeRecord } from '../idempotency-records.ts'
import { refusalOf } from '../quotas.ts'
import type { Routines } from '../routines.ts'
import { createDueSchedules } from './due-schedules.ts'
import { createEndedSchedules } from './ended-schedules.ts'
import { eraseSchedule } from './schedule-erasure.ts'
import { createScheduleListing } from './schedule-listing.ts'
import {
  PROGRESS_COLUMNS,
  progressOf,
  SCHEDULE_COLUMNS,
  SCHEDULE_TABLES,
  type ScheduleDetailsRow,
  scheduleOf,
  timingColumnsOf,
} from './schedule-row.ts'
import { createScheduleRuns } from './schedule-runs.ts'

const INSERT = `
  insert into discue.schedules
    (id, organization_id, queue_id, created_at, name, cron, every_ms, period, at, timezone, message_name, starts_at,
     ends_at, paused, catch_up, key, headers, expires_in_ms, overlap, jitter_ms, updated_at, data, media_type)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`

const INSERT_PROGRESS = `
  insert into discue.schedule_progress (organization_id, schedule_id, revision, next_at, run_count) values ($1, $2, 1, $3, 0)`

/** The schedules of a deleted queue are swept later; no client may see them until then. */
const QUEUE_THERE = `
  exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2
             and exists (select 1 from discue.organizations o where o.id = q.organization_id))`

const GET = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${SCHEDULE_TABLES}
   where s.organization_id = $1 and s.queue_id = $2 and s.id = $3 and ${QUEUE_THERE}`
const GET_LOCKED = `${GET} for update of p`

const REPLACE = `
  update discue.schedules
     set name = $4, cron = $5, every_ms = $6, period = $7, at = $8, timezone = $9, message_name = $10, starts_at = $11,
         ends_at = $12, paused = $13, catch_up = $14, key = $15, headers = $16, expires_in_ms = $17, overlap = $18,
         jitter_ms = $19, updated_at = $20, data = $21, media_type = $22
   where organization_id = $1 and queue_id = $2 and id = $3`

const REPLAN = `
  update discue.schedule_progress set next_at = $3, revision = revision + 1 where organization_id = $1 and schedule_id = $2`

const REMEMBER = `insert into discue.removals (kind, id, organization_id) values ('schedule', $2, $1)`
const QUEUE_EXISTS = `select 1 where ${QUEUE_THERE}`

type Ask = { organizationId: string; queueId: string; id: string }

export function createScheduleStore(
  database: Database,
  { routines, publish, clock }: { routines: Routines; publish: Publish; clock: Clock },
): ScheduleStore {
  const { transact, db } = database

  async function find(
    on: Db,
    { organizationId, queueId, id }: Ask,
    sql = GET,
  ): Promise<Revised<ScheduleDetails> | null> {
    const [row] = await on.rows<ScheduleDetailsRow>(sql, [organizationId, queueId, id])
    return row === undefined ? null : { ...scheduleOf(row), ...progressOf(row), revision: row.revision }
  }

  async function add(on: Db, schedule: Schedule, nextAt: number | null): Promise<void> {
    const { id, organizationId, queueId, createdAt } = schedule
    await on.run(INSERT, [id, organizationId, queueId, createdAt, ...columnsOf(schedule)])
    await on.run(INSERT_PROGRESS, [organizationId, id, nextAt])
  }

  return {
    async create(schedule, nextAt, answer) {
      return unlessTaken(() =>
        transact(async (on) => {
          const { organizationId, queueId } = schedule
          await lockQueue(on, queueId)
          if ((await on.rows(QUEUE_EXISTS, [organizationId, queueId])).length === 0) return 'queue_not_found'
          if (await hasRecord(on, answer)) return 'answered'
          const refused = await refusalOf(on, organizationId, 'schedules')
          if (refused !== null) return refused
          await writeRecord(on, answer)
          await add(on, schedule, nextAt)
          if (nextAt !== null) await publish(on, { kind: 'schedule_due', dueAt: nextAt })
          return 'created'
        }),
      )
    },
    get: (ask) => find(db, ask),
    ...createScheduleListing(db),
    async replace({ schedule, nextAt, expected }) {
      return unlessTaken(() =>
        transact(async (on) => {
          const current = await find(on, schedule, GET_LOCKED)
          if (current === null) return 'not_found'
          if (current.revision !== expected.revision || current.nextAt !== expected.nextAt) return 'passed'
          const { organizationId, queueId, id } = schedule
          await on.run(REPLACE, [organizationId, queueId, id, ...columnsOf(schedule)])
          await on.run(REPLAN, [organizationId, id, nextAt])
          if (nextAt !== null) await publish(on, { kind: 'schedule_due', dueAt: nextAt })
          return { ...current, ...schedule, nextAt, revision: current.revision + 1 }
        }),
      )
    },
    async delete({ ifMatch, ...ask }) {
      return transact(async (on) => {
        const found = await find(on, ask, GET_LOCKED)
        if (found === null) return 'not_found'
        if (failsIfMatch(found.revision, ifMatch)) return 'changed'
        await eraseSchedule(on, ask)
        await on.run(REMEMBER, [ask.organizationId, ask.id])
        await publish(on, { kind: 'schedule_gone', scheduleId: ask.id })
        return 'deleted'
      })
    },
    ...createScheduleRuns(database, { exists: async (on, ask) => (await find(on, ask)) !== null }),
    ...createDueSchedules(database, { routines, clock }),
    ...createEndedSchedules(database, { publish }),
  }
}

/** What can change of a schedule, in the order of the columns. */
function columnsOf(schedule: Schedule) {
  const { name, timing, timezone, messageName, startsAt, endsAt, paused, catchUp, updatedAt, data, mediaType } =
    schedule
  const { key, headers, expiresInMs, overlap, jitterMs } = schedule
  const when = [...timingColumnsOf(timing), timezone] as const
  const rules = [paused, catchUp, key === null ? null : stored(key), headers, expiresInMs, overlap, jitterMs] as const
  return [name, ...when, messageName, startsAt, endsAt, ...rules, updatedAt, stored(data), mediaType] as const
}
