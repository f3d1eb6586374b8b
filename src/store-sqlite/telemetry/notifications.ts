import type { DatabaseSync } from 'node:sqlite'
import { NOTIFICATIONS_QUEUE, type ReachedQuota } from '../../core/notification/notification.ts'
import type { ListenerStanding, QueueStanding, ScheduleStanding } from '../../core/notification/standing.ts'
import { dayOf } from '../../core/telemetry/message-usage.ts'
import type { Limits } from '../../core/tenant/organization.ts'
import {
  KEPT_TOLD_RECORDS,
  type NotificationStore,
  TOLD_TARGET,
  type ToldRecord,
  type WatchedOrganization,
} from '../../store/telemetry/notifications.ts'
import type { RowlessDeliveries } from '../deliveries/rowless.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import { COUNTS } from '../quotas.ts'
import { reading, type Transact } from '../transaction.ts'

/** The name stands in the text, so that the index of these queues alone is used. */
const WATCHED = `
  select q.organization_id as organizationId, q.id as queueId from queues q
   where q.name = '${NOTIFICATIONS_QUEUE}' and q.organization_id > ?
     and exists (select 1 from organizations o where o.id = q.organization_id)
   order by q.organization_id limit ?`

const FORGET_RECORD = `delete from answers where organization_id = ? and target = ? and key = ?`

const READ = `select version, told from notifications_told where organization_id = ?`
const SAVE = `
  insert into notifications_told (organization_id, version, told)
  select :organizationId, :version, :told
   where :version = 1 + coalesce((select t.version from notifications_told t where t.organization_id = :organizationId), 0)
     and exists (select 1 from organizations o where o.id = :organizationId)
  on conflict (organization_id) do update set version = excluded.version, told = excluded.told`

/** Where a page of ids ends; no row: at the end of all. */
const endOf = (table: string) => `
  select id from ${table} where organization_id = ? and id > ? order by id limit 1 offset ?`

const LISTENERS = `
  select l.id, l.name, l.queue_id as queueId, q.name as queueName, not ${LISTENER_ENABLED} as isDisabled,
         coalesce(v.state, 'unknown') as state, coalesce(f.missed, 0) as missed
    from listeners l join queues q on q.id = l.queue_id and q.organization_id = l.organization_id
    left join listener_liveness v on v.listener_id = l.id
    left join listener_figures f on f.listener_id = l.id
   where l.organization_id = :organizationId and l.id > :after and l.id <= :end and l.queue_id <> :exceptQueueId
     and (v.state = 'down' or f.missed > 0 or not ${LISTENER_ENABLED} or l.id in (select value from json_each(:known)))
   order by l.id`

/** One read of an index for each listener of the page that something waits for. */
const QUEUES = `
  select id, name, min(dueAt) as anyDueAt, min(case when isKeptBack then null else dueAt end) as dueAt
    from (select q.id, q.name, q.paused or not ${LISTENER_ENABLED} as isKeptBack,
                 (select d.due_at from deliveries d where d.listener_id = l.id order by d.due_at limit 1) as dueAt
            from listeners l join queues q on q.id = l.queue_id and q.organization_id = l.organization_id
            join listener_figures f on f.listener_id = l.id
           where l.organization_id = :organizationId and l.id > :after and l.id <= :end and l.queue_id <> :exceptQueueId
             and f.pending > 0)
   where dueAt <= :dueBy group by id order by id`

const SCHEDULES = `
  select s.id, s.name, s.queue_id as queueId, q.name as queueName, r.due_at as dueAt, r.error
    from schedules s join queues q on q.id = s.queue_id and q.organization_id = s.organization_id
    join schedule_runs r on r.schedule_id = s.id
     and r.due_at = (select l.due_at from schedule_runs l where l.schedule_id = s.id order by l.due_at desc limit 1)
   where s.organization_id = :organizationId and s.id > :after and s.id <= :end and s.queue_id <> :exceptQueueId
     and r.error is not null and r.skipped_count is null
   order by s.id`

const LIMITS = `select limits from organizations where id = ?`
const USAGE = `select stored, day, accepted from message_usage where organization_id = ?`

/** Greater than every id. */
const LAST_ID = '~'

type Placed<One> = Omit<One, 'queue'> & { queueId: string; queueName: string }

export function createNotificationStore(
  db: DatabaseSync,
  transact: Transact,
  { rowless }: { rowless: RowlessDeliveries },
): NotificationStore {
  const [watched, read, save] = [db.prepare(WATCHED), db.prepare(READ), db.prepare(SAVE)]
  const forget = db.prepare(FORGET_RECORD)
  const [listeners, queues, schedules] = [db.prepare(LISTENERS), db.prepare(QUEUES), db.prepare(SCHEDULES)]
  const ends = { listeners: db.prepare(endOf('listeners')), schedules: db.prepare(endOf('schedules')) }
  const reachedQuotas = createReachedQuotas(db)

  function endOfPage(of: keyof typeof ends, ask: { organizationId: string; after: string; limit: number }) {
    const row = ends[of].get(ask.organizationId, ask.after, ask.limit - 1) as { id: string } | undefined
    return row?.id ?? null
  }

  return {
    async watched({ after, limit }) {
      const rows = reading(() => watched.all(after ?? '', limit)) as unknown as WatchedOrganization[]
      return rows.map((row) => ({ ...row }))
    },
    async read({ organizationId }) {
      const row = reading(() => read.get(organizationId)) as ToldRecord | undefined
      return row === undefined ? null : { ...row }
    },
    async save(ask) {
      return transact(() => {
        if (save.run(ask).changes !== 1) return 'passed'
        forget.run(ask.organizationId, TOLD_TARGET, String(ask.version - KEPT_TOLD_RECORDS))
        return 'saved'
      })
    },
    async listeners({ organizationId, exceptQueueId, known, after, limit }) {
      return reading(() => {
        const end = endOfPage('listeners', { organizationId, after, limit })
        const ask = { organizationId, exceptQueueId, known: JSON.stringify(known), after, end: end ?? LAST_ID }
        const rows = listeners.all(ask) as unknown as Placed<ListenerStanding>[]
        return { found: rows.map((row) => ({ ...placed(row), isDisabled: Boolean(row.isDisabled) })), after: end }
      })
    },
    async queues({ organizationId, exceptQueueId, dueBy, after, limit }) {
      // A delivery that has no row yet is as old as a commit or two: none of a later page is overdue.
      if (after === '') rowless.writeToLook()
      return reading(() => {
        const end = endOfPage('listeners', { organizationId, after, limit })
        const rows = queues.all({ organizationId, exceptQueueId, dueBy, after, end: end ?? LAST_ID })
        const found = (rows as unknown as QueueStanding[]).map(({ id, name, dueAt }) => ({ id, name, dueAt }))
        return { found, after: end }
      })
    },
    async schedules({ organizationId, exceptQueueId, after, limit }) {
      return reading(() => {
        const end = endOfPage('schedules', { organizationId, after, limit })
        const rows = schedules.all({ organizationId, exceptQueueId, after, end: end ?? LAST_ID })
        return { found: (rows as unknown as Placed<ScheduleStanding>[]).map(placed), after: end }
      })
    },
    async reachedQuotas({ organizationId, now }) {
      return reading(() => reachedQuotas(organizationId, now))
    },
  }
}

function placed<One>({ queueId, queueName, ...row }: Placed<One>) {
  return { ...row, queue: { id: queueId, name: queueName } }
}

/** Counts each no further than to its limit; where messages are limited, they are counted already. */
function createReachedQuotas(db: DatabaseSync): (organizationId: string, now: number) => ReachedQuota[] {
  const [limitsOf, usageOf] = [db.prepare(LIMITS), db.prepare(USAGE)]
  const counts = Object.entries(COUNTS).map(([quota, count]) => ({
    quota: quota as keyof typeof COUNTS,
    count: db.prepare(count),
  }))

  return (organizationId, now) => {
    const row = limitsOf.get(organizationId) as { limits: string } | undefined
    const limits: Partial<Limits> = row === undefined ? {} : JSON.parse(row.limits)
    const reached: ReachedQuota[] = []
    for (const { quota, count } of counts) {
      const limit = limits[quota] ?? null
      if (limit === null) continue
      if (Number(count.get(organizationId, limit)!.used) >= limit) reached.push({ quota, limit })
    }
    const usage = usageOf.get(organizationId) as { stored: number; day: number; accepted: number } | undefined
    if (usage === undefined) return reached
    const { storedMessages = null, messagesPerDay = null } = limits
    if (storedMessages !== null && usage.stored >= storedMessages) {
      reached.push({ quota: 'storedMessages', limit: storedMessages })
    }
    if (messagesPerDay !== null && usage.day === dayOf(now) && usage.accepted >= messagesPerDay) {
      reached.push({ quota: 'messagesPerDay', limit: messagesPerDay })
    }
    return reached
  }
}
