import type { DatabaseSync } from 'node:sqlite'
import { AFTER_EVERY_ID } from '../../core/id.ts'
import type { Schedule } from '../../core/schedule/schedule.ts'
import type { DueSchedule } from '../../core/schedule/schedule-plan.ts'
import { failsIfMatch } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { AheadSchedule, DuePage, ScheduleDetails, ScheduleRun, ScheduleStore } from '../../store/schedules.ts'
import { unlessTaken } from '../errors.ts'
import { createEffectRecords } from '../idempotency-records.ts'
import { onlyOf } from '../listing.ts'
import { createRefusal } from '../quotas.ts'
import { type ChangeLog, reading, type Transact } from '../transaction.ts'
import { createScheduleErasure } from './schedule-erasure.ts'
import {
  PROGRESS_COLUMNS,
  progressOf,
  SCHEDULE_COLUMNS,
  type ScheduleDetailsRow,
  scheduleOf,
  timingColumnsOf,
} from './schedule-row.ts'
import { createScheduleSteps } from './schedule-steps.ts'

const INSERT = `
  insert into schedules
    (id, organization_id, queue_id, created_at, name, cron, every_ms, at, timezone, message_name, starts_at, ends_at,
     paused, catch_up, updated_at, data)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_PROGRESS = `
  insert into schedule_progress (organization_id, schedule_id, revision, next_at, run_count) values (?, ?, 1, ?, 0)`

const BOTH = `from schedules s join schedule_progress p on p.schedule_id = s.id`

const GET = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${BOTH} where s.id = ? and s.organization_id = ? and s.queue_id = ?`

const LIST = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${BOTH}
   where s.queue_id = :queueId and s.id < :before and +s.organization_id = :organizationId
     and (:only is null or s.id in (select value from json_each(:only)) or s.queue_id in (select value from json_each(:only)))
   order by s.id desc limit :limit offset :offset`

const REPLACE = `
  update schedules
     set name = ?, cron = ?, every_ms = ?, at = ?, timezone = ?, message_name = ?, starts_at = ?, ends_at = ?,
         paused = ?, catch_up = ?, updated_at = ?, data = ?
   where id = ?`

const REPLAN = `update schedule_progress set next_at = ?, revision = revision + 1 where schedule_id = ?`

/** Read from the left: the index of due times leads to the schedules, each by its key. */
const DUE = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}, o.status
    from schedule_progress p cross join schedules s on s.id = p.schedule_id
    left join organizations o on o.id = s.organization_id
   where p.next_at <= ? order by p.next_at limit ?`

const DUE_OF = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}, o.status
    from schedule_progress p cross join schedules s on s.id = p.schedule_id
    left join organizations o on o.id = s.organization_id
   where p.organization_id = ? and p.next_at <= ? order by p.next_at limit ?`

const DUE_ORGANIZATIONS = `
  select distinct organization_id as id from schedule_progress indexed by schedule_progress_due
   where next_at > ? and next_at <= ?`

const NEXT_DUE = `select min(next_at) as nextAt from schedule_progress where next_at > ?`
const FIRST_DUE = `select next_at as nextAt from schedule_progress where next_at <= ? order by next_at limit 1 offset ?`

const RUNS = `
  select due_at as dueAt, ran_at as ranAt, message_id as messageId, error, skipped_count as skippedCount,
         first_due_at as firstDueAt
    from schedule_runs where schedule_id = ? and due_at < ? order by due_at desc limit ? offset ?`

const RAN_AT = `
  select due_at as dueAt from schedule_runs
   where schedule_id = ? and due_at in (select value from json_each(?)) and skipped_count is null`

const AHEAD = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}
    from schedule_progress p cross join schedules s on s.id = p.schedule_id
   where p.schedule_id > ? and s.paused = 0 and (p.passed_at > ? or p.next_at is null)
   order by p.schedule_id limit ?`

const REWIND = `update schedule_progress set next_at = ? where schedule_id = ? and revision = ? and next_at is ?`
const FORGET_SKIPPED = `
  delete from schedule_runs where schedule_id = ? and due_at > ? and skipped_count is not null`

/** Most have no old runs; being told so here costs a fifteenth of finding nothing to delete. */
const WITH_OLD_RUNS = `
  select schedule_id as id,
         exists (select 1 from schedule_runs r where r.schedule_id = p.schedule_id and r.due_at < :before) as isOld
    from schedule_progress p where schedule_id > :after order by schedule_id limit :limit`
const REMEMBER = `insert into removals (kind, id, organization_id) values ('schedule', ?, ?)`
const QUEUE_EXISTS = `
  select 1 from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

export function createScheduleStore(db: DatabaseSync, transact: Transact, changes: ChangeLog): ScheduleStore {
  const [insert, insertProgress, get] = [db.prepare(INSERT), db.prepare(INSERT_PROGRESS), db.prepare(GET)]
  const [list, replace, replan, runs] = [db.prepare(LIST), db.prepare(REPLACE), db.prepare(REPLAN), db.prepare(RUNS)]
  const [due, nextDue, firstDue] = [db.prepare(DUE), db.prepare(NEXT_DUE), db.prepare(FIRST_DUE)]
  const [dueOf, dueOrganizations] = [db.prepare(DUE_OF), db.prepare(DUE_ORGANIZATIONS)]
  const [withOldRuns, remember, queueExists] = [
    db.prepare(WITH_OLD_RUNS),
    db.prepare(REMEMBER),
    db.prepare(QUEUE_EXISTS),
  ]
  const [ranAt, ahead] = [db.prepare(RAN_AT), db.prepare(AHEAD)]
  const [rewind, forgetSkipped] = [db.prepare(REWIND), db.prepare(FORGET_SKIPPED)]
  const refusal = createRefusal(db, 'schedules')
  const answers = createEffectRecords(db)
  const steps = createScheduleSteps(db)
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

  function findDue(until: number, limit: number): DuePage {
    const rows = due.all(until, limit) as unknown as DueRow[]
    const found = rows.map(dueScheduleOf)
    const left = rows.length < limit ? nextDue.get(until) : (firstDue.get(until, limit) ?? nextDue.get(until))
    return { due: found, nextAt: (left as { nextAt: number | null }).nextAt }
  }

  function findDueOf(organizationId: string, until: number, each: number): DuePage {
    const rows = dueOf.all(organizationId, until, each + 1) as unknown as DueRow[]
    return { due: rows.slice(0, each).map(dueScheduleOf), nextAt: rows[each]?.nextAt ?? null }
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
    async list({ only, before, ...ask }) {
      return reading(() => {
        if (queueExists.get(ask.organizationId, ask.queueId) === undefined) return []
        const rows = list.all({ ...ask, before: before ?? AFTER_EVERY_ID, only: onlyOf(only) })
        return (rows as unknown as ScheduleDetailsRow[]).map((row) => ({ ...scheduleOf(row), ...progressOf(row) }))
      })
    },
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
    async runs({ before, offset, limit, ...ask }) {
      return reading(() => {
        if (find(ask) === null) return null
        const rows = runs.all(ask.id, before ?? Number.MAX_SAFE_INTEGER, limit, offset)
        return (rows as unknown as RunRow[]).map(runOf)
      })
    },
    async due({ until, limit }) {
      return reading(() => findDue(until, limit))
    },
    async dueOrganizations({ after, until }) {
      return reading(() => dueOrganizations.all(after ?? Number.MIN_SAFE_INTEGER, until).map(({ id }) => id as string))
    },
    async dueInTurns({ organizationIds, until, each }) {
      return reading(() => organizationIds.map((id) => findDueOf(id, until, each)))
    },
    async step(all) {
      return transact(() =>
        all.map((one) => {
          if (!steps.isAsExpected(one)) return 'passed'
          steps.write(one)
          return 'stepped'
        }),
      )
    },
    async attendants() {
      return null
    },
    async attend() {},
    async ranAt({ scheduleId, dueAts }) {
      return reading(() => ranAt.all(scheduleId, JSON.stringify(dueAts)).map(({ dueAt }) => dueAt as number))
    },
    async ahead({ now, after, limit }) {
      return reading(() => (ahead.all(after ?? '', now, limit) as unknown as ScheduleDetailsRow[]).map(aheadOf))
    },
    async rewind({ schedule: { id }, expected, nextAt, now }) {
      return transact(() => {
        const { changes } = rewind.run(nextAt, id, expected.revision, expected.nextAt)
        if (changes === 1) forgetSkipped.run(id, now)
        return changes === 1
      })
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

type DueRow = ScheduleDetailsRow & { status: string | null }

function dueScheduleOf(row: DueRow): DueSchedule {
  const { revision, nextAt, passedAt, status } = row
  return { schedule: scheduleOf(row), revision, nextAt: nextAt!, passedAt, frozen: status === 'frozen' }
}

function aheadOf(row: ScheduleDetailsRow): AheadSchedule {
  return { schedule: scheduleOf(row), revision: row.revision, nextAt: row.nextAt }
}

type RunRow = Omit<ScheduleRun, 'skipped'> & { skippedCount: number | null; firstDueAt: number | null }

function runOf({ skippedCount, firstDueAt, ...run }: RunRow): ScheduleRun {
  return { ...run, skipped: skippedCount === null ? null : { count: skippedCount, firstAt: firstDueAt! } }
}

function detailsOf(row: ScheduleDetailsRow): Revised<ScheduleDetails> {
  return { ...scheduleOf(row), ...progressOf(row), revision: row.revision }
}

/** What can change of a schedule, in the order of the columns. */
function columnsOf(schedule: Schedule) {
  const { name, timing, timezone, messageName, startsAt, endsAt, paused, catchUp, updatedAt, data } = schedule
  const when = [...timingColumnsOf(timing), timezone] as const
  return [name, ...when, messageName, startsAt, endsAt, paused ? 1 : 0, catchUp, updatedAt, data] as const
}
