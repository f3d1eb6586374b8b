import type { DueSchedule } from '../../core/schedule/schedule-plan.ts'
import type { ScheduleStore } from '../../store/schedules.ts'
import { type Clock, timeOr } from '../cluster/nodes.ts'
import { texts } from '../connect/arrays.ts'
import type { Database } from '../connect/transaction.ts'
import type { Routines } from '../routines.ts'
import {
  PROGRESS_COLUMNS,
  SCHEDULE_COLUMNS,
  SCHEDULE_TABLES,
  type ScheduleDetailsRow,
  scheduleOf,
} from './schedule-row.ts'
import { stepJson } from './schedule-steps.ts'

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

const ATTENDANTS = `
  select node, attends_since as since, alive_until as "aliveUntil" from discue.nodes
   where node <> $1 and attends_since is not null and alive_until > ${timeOr('$2')}`
const ATTEND = `update discue.nodes set attends_since = $2 where node = $1`

const AHEAD = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS} ${SCHEDULE_TABLES}
   where p.schedule_id > $1 and not s.paused and (p.passed_at > $2 or p.next_at is null)
   order by p.schedule_id limit $3`

const REWIND = `
  update discue.schedule_progress set next_at = $3
   where organization_id = $1 and schedule_id = $2 and revision = $4 and next_at is not distinct from $5::bigint
  returning 1 as one`
const FORGET_SKIPPED = `
  delete from discue.schedule_runs
   where organization_id = $1 and schedule_id = $2 and due_at > $3 and skipped_count is not null`

type DueSchedules = Pick<
  ScheduleStore,
  | 'due'
  | 'dueOrganizations'
  | 'dueInTurns'
  | 'step'
  | 'withPendingMessage'
  | 'attendants'
  | 'attend'
  | 'ahead'
  | 'rewind'
>

/** What comes to a due time, and which nodes are there for it. */
export function createDueSchedules(
  { transact, db }: Database,
  { routines, clock }: { routines: Routines; clock: Clock },
): DueSchedules {
  const WITH_PENDING_MESSAGE = `
    select w.id from unnest($2::text[]) w(id) where ${routines.name('message_before_pending')}($1, w.id)`
  const STEP = `select ${routines.name('schedule_step')}($1::jsonb) as stepped`

  return {
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
    async withPendingMessage({ organizationId, scheduleIds }) {
      const rows = await db.rows<{ id: string }>(WITH_PENDING_MESSAGE, [organizationId, texts(scheduleIds)])
      return rows.map(({ id }) => id)
    },
    attendants: ({ node, now }) => db.rows(ATTENDANTS, [node, clock(now)]),
    async attend({ node, since }) {
      await db.run(ATTEND, [node, since])
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
  }
}

type DueRow = ScheduleDetailsRow & { status: string | null }

function dueScheduleOf(row: DueRow): DueSchedule {
  const { revision, nextAt, passedAt, status } = row
  return { schedule: scheduleOf(row), revision, nextAt: nextAt!, passedAt, frozen: status === 'frozen' }
}
