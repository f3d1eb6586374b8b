import { AFTER_EVERY_ID } from '../../core/id.ts'
import type { Schedule } from '../../core/schedule/schedule.ts'
import type { DueSchedule } from '../../core/schedule/schedule-plan.ts'
import { failsIfMatch } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { ScheduleDetails, ScheduleRun, ScheduleStore } from '../../store/schedules.ts'
import { lockQueue } from '../cluster/locks.ts'
import { type Clock, timeOr } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { restored, stored } from '../connect/text.ts'
import type { Database } from '../connect/transaction.ts'
import { unlessTaken } from '../errors.ts'
import { hasRecord, writeRecord } from '../idempotency-records.ts'
import { onlyOf } from '../listing.ts'
import { refusalOf } from '../quotas.ts'
import type { Routines } from '../routines.ts'
import { eraseRuns, eraseSchedule } from './schedule-erasure.ts'
import {
  PROGRESS_COLUMNS,
  progressOf,
  SCHEDULE_COLUMNS,
  type ScheduleDetailsRow,
  scheduleOf,
  timingColumnsOf,
} from './schedule-row.ts'
import { stepJson } from './schedule-steps.ts'

const INSERT = `
  insert into discue.schedules
    (id, organization_id, queue_id, created_at, name, cron, every_ms, at, timezone, message_name, starts_at, ends_at,
     paused, catch_up, updated_at, data)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

const INSERT_PROGRESS = `
  insert into discue.schedule_progress (organization_id, schedule_id, revision, next_at, run_count) values ($1, $2, 1, $3, 0)`

const BOTH = `
  from discue.schedules s join discue.schedule_progress p on p.organization_id = s.organization_id and p.schedule_id = s.id`

/** The schedules of a deleted queue are swept later; no client may see them until then. */
const QUEUE_THERE = `
  exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2
             and exists (select 1 from discue.organizations o where o.id = q.organization_id))`

const GET = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${BOTH}
   where s.organization_id = $1 and s.queue_id = $2 and s.id = $3 and ${QUEUE_THERE}`
const GET_LOCKED = `${GET} for update of p`

const LIST = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${BOTH}
   where s.organization_id = $1 and s.queue_id = $2 and s.id < $3 and ${QUEUE_THERE}
     and ($4::text[] is null or s.id = any($4) or s.queue_id = any($4))
   order by s.id desc limit $5 offset $6`

const REPLACE = `
  update discue.schedules
     set name = $4, cron = $5, every_ms = $6, at = $7, timezone = $8, message_name = $9, starts_at = $10, ends_at = $11,
         paused = $12, catch_up = $13, updated_at = $14, data = $15
   where organization_id = $1 and queue_id = $2 and id = $3`

const REPLAN = `
  update discue.schedule_progress set next_at = $3, revision = revision + 1 where organization_id = $1 and schedule_id = $2`

/** Schedules that are due, and one more than was asked for, to know when the first that is left is due. */
export const DUE = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}, o.status
    from (select * from discue.schedule_progress where next_at <= $1 order by next_at limit $2::bigint + 1) p
    join discue.schedules s on s.organization_id = p.organization_id and s.id = p.schedule_id
    left join discue.organizations o on o.id = s.organization_id
   order by p.next_at`

/** The schedules of some organizations that are due, a few of each. */
export const DUE_IN_TURNS = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}, o.status, t.place::int as turn
    from unnest($1::text[]) with ordinality t (organization_id, place)
   cross join lateral (select * from discue.schedule_progress q
                        where q.organization_id = t.organization_id and q.next_at <= $2
                        order by q.next_at limit $3::bigint + 1) p
    join discue.schedules s on s.organization_id = p.organization_id and s.id = p.schedule_id
    left join discue.organizations o on o.id = s.organization_id
   order by t.place, p.next_at`

export const DUE_ORGANIZATIONS = `
  select distinct organization_id as id from discue.schedule_progress
   where next_at > coalesce($1::bigint, -9007199254740991) and next_at <= $2`

const NEXT_DUE = `select min(next_at) as "nextAt" from discue.schedule_progress where next_at > $1`

const RUNS = `
  select due_at as "dueAt", ran_at as "ranAt", message_id as "messageId", error,
         skipped_count as "skippedCount", first_due_at as "firstDueAt"
    from discue.schedule_runs
   where organization_id = $1 and schedule_id = $2 and ($3::bigint is null or due_at < $3)
   order by due_at desc limit $4 offset $5`

const ATTENDANTS = `
  select node, attends_since as since, alive_until as "aliveUntil" from discue.nodes
   where node <> $1 and attends_since is not null and alive_until > ${timeOr('$2')}`
const ATTEND = `update discue.nodes set attends_since = $2 where node = $1`

const RAN_AT = `
  select due_at as "dueAt" from discue.schedule_runs
   where organization_id = $1 and schedule_id = $2 and due_at = any($3::bigint[]) and skipped_count is null`

const AHEAD = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${BOTH}
   where p.schedule_id > $1 and not s.paused and (p.passed_at > $2 or p.next_at is null)
   order by p.schedule_id limit $3`

const REWIND = `
  update discue.schedule_progress set next_at = $3
   where organization_id = $1 and schedule_id = $2 and revision = $4 and next_at is not distinct from $5::bigint
  returning 1 as one`
const FORGET_SKIPPED = `
  delete from discue.schedule_runs
   where organization_id = $1 and schedule_id = $2 and due_at > $3 and skipped_count is not null`

const IDS = `
  select organization_id as "organizationId", schedule_id as id from discue.schedule_progress
   where schedule_id > $1 order by schedule_id limit $2`
const REMEMBER = `insert into discue.removals (kind, id, organization_id) values ('schedule', $2, $1)`
const QUEUE_EXISTS = `select 1 where ${QUEUE_THERE}`

type Ask = { organizationId: string; queueId: string; id: string }

export function createScheduleStore(
  { transact, snapshot, db }: Database,
  { routines, publish, clock }: { routines: Routines; publish: Publish; clock: Clock },
): ScheduleStore {
  const STEP = `select ${routines.name('schedule_step')}($1::jsonb) as stepped`

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

  async function pruneRuns(on: Db, before: number, after: string | null, limit: number) {
    const found = await on.rows<{ organizationId: string; id: string }>(IDS, [after ?? '', limit])
    let removed = 0
    let last = after
    for (const place of found) {
      removed += await eraseRuns(on, place, before, limit - removed)
      // More may be left of this one.
      if (removed >= limit) return { removed, after: last }
      last = place.id
    }
    return { removed, after: found.length < limit ? null : last }
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
    async list({ organizationId, queueId, only, before, offset, limit }) {
      const place = [organizationId, queueId, before ?? AFTER_EVERY_ID, onlyOf(only)]
      const rows = await db.rows<ScheduleDetailsRow>(LIST, [...place, limit, offset])
      return rows.map((row) => ({ ...scheduleOf(row), ...progressOf(row) }))
    },
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
    async runs({ before, offset, limit, ...ask }) {
      return snapshot(async (on) => {
        if ((await find(on, ask)) === null) return null
        const rows = await on.rows<RunRow>(RUNS, [ask.organizationId, ask.id, before, limit, offset])
        return rows.map(runOf)
      })
    },
    async due({ until, limit }) {
      const rows = await db.rows<DueRow>(DUE, [until, limit])
      const due = rows.slice(0, limit).map(dueScheduleOf)
      const left = rows[limit] ?? (await db.rows<{ nextAt: number | null }>(NEXT_DUE, [until]))[0]!
      return { due, nextAt: left.nextAt }
    },
    async dueOrganizations({ after, until }) {
      return (await db.rows<{ id: string }>(DUE_ORGANIZATIONS, [after, until])).map(({ id }) => id)
    },
    async dueInTurns({ organizationIds, until, each }) {
      const rows = await db.rows<DueRow & { turn: number }>(DUE_IN_TURNS, [texts(organizationIds), until, each])
      const byTurn = Map.groupBy(rows, ({ turn }) => turn)
      return organizationIds.map((_, index) => {
        const own = byTurn.get(index + 1) ?? []
        return { due: own.slice(0, each).map(dueScheduleOf), nextAt: own[each]?.nextAt ?? null }
      })
    },
    async step(steps) {
      return transact(async (on) => {
        const stepped: boolean[] = []
        for (const step of steps) {
          const [row] = await on.rows<{ stepped: boolean }>(STEP, [JSON.stringify(stepJson(step))])
          stepped.push(row!.stepped)
        }
        return stepped.map((was) => (was ? 'stepped' : 'passed'))
      })
    },
    attendants: ({ node, now }) => db.rows(ATTENDANTS, [node, clock(now)]),
    async attend({ node, since }) {
      await db.run(ATTEND, [node, since])
    },
    async ranAt({ organizationId, scheduleId, dueAts }) {
      const rows = await db.rows<{ dueAt: number }>(RAN_AT, [organizationId, scheduleId, numbers(dueAts)])
      return rows.map(({ dueAt }) => dueAt)
    },
    async ahead({ now, after, limit }) {
      const rows = await db.rows<ScheduleDetailsRow>(AHEAD, [after ?? '', now, limit])
      return rows.map((row) => ({ schedule: scheduleOf(row), revision: row.revision, nextAt: row.nextAt }))
    },
    async rewind({ schedule: { organizationId, id }, expected, nextAt, now }) {
      return transact(async (on) => {
        const found = await on.rows(REWIND, [organizationId, id, nextAt, expected.revision, expected.nextAt])
        if (found.length === 1) await on.run(FORGET_SKIPPED, [organizationId, id, now])
        return found.length === 1
      })
    },
    pruneRuns: ({ before, after, limit }) => transact((on) => pruneRuns(on, before, after, limit)),
  }
}

type RunRow = Omit<ScheduleRun, 'skipped'> & { skippedCount: number | null; firstDueAt: number | null }

function runOf({ skippedCount, firstDueAt, error, ...run }: RunRow): ScheduleRun {
  const skipped = skippedCount === null ? null : { count: skippedCount, firstAt: firstDueAt! }
  return { ...run, error: error === null ? null : restored(error), skipped }
}

type DueRow = ScheduleDetailsRow & { status: string | null }

function dueScheduleOf(row: DueRow): DueSchedule {
  const { revision, nextAt, passedAt, status } = row
  return { schedule: scheduleOf(row), revision, nextAt: nextAt!, passedAt, frozen: status === 'frozen' }
}

/** What can change of a schedule, in the order of the columns. */
function columnsOf(schedule: Schedule) {
  const { name, timing, timezone, messageName, startsAt, endsAt, paused, catchUp, updatedAt, data } = schedule
  const when = [...timingColumnsOf(timing), timezone] as const
  return [name, ...when, messageName, startsAt, endsAt, paused, catchUp, updatedAt, stored(data)] as const
}
