import type { DatabaseSync } from 'node:sqlite'
import type { DueSchedule } from '../../core/schedule/schedule-plan.ts'
import type { AheadSchedule, DuePage, ScheduleStore } from '../../store/schedules.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import { reading, type Transact } from '../transaction.ts'
import { createMessageBefore } from './message-before.ts'
import { PROGRESS_COLUMNS, SCHEDULE_COLUMNS, type ScheduleDetailsRow, scheduleOf } from './schedule-row.ts'
import { createScheduleSteps } from './schedule-steps.ts'

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

const AHEAD = `
  select ${SCHEDULE_COLUMNS}, ${PROGRESS_COLUMNS}
    from schedule_progress p cross join schedules s on s.id = p.schedule_id
   where p.schedule_id > ? and s.paused = 0 and (p.passed_at > ? or p.next_at is null)
   order by p.schedule_id limit ?`

const REWIND = `update schedule_progress set next_at = ? where schedule_id = ? and revision = ? and next_at is ?`
const FORGET_SKIPPED = `
  delete from schedule_runs where schedule_id = ? and due_at > ? and skipped_count is not null`

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

/** What comes to a due time; no other node is there for it. */
export function createDueSchedules(
  db: DatabaseSync,
  transact: Transact,
  shared: { leases: Leases; recipientSets: RecipientSets },
): DueSchedules {
  const [due, nextDue, firstDue] = [db.prepare(DUE), db.prepare(NEXT_DUE), db.prepare(FIRST_DUE)]
  const [dueOf, dueOrganizations] = [db.prepare(DUE_OF), db.prepare(DUE_ORGANIZATIONS)]
  const ahead = db.prepare(AHEAD)
  const [rewind, forgetSkipped] = [db.prepare(REWIND), db.prepare(FORGET_SKIPPED)]
  const steps = createScheduleSteps(db, shared)
  const hasPendingMessage = createMessageBefore(db, shared)

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
    async withPendingMessage({ scheduleIds }) {
      return reading(() => scheduleIds.filter(hasPendingMessage))
    },
    async attendants() {
      return null
    },
    async attend() {},
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
