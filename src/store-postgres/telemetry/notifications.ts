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
import { texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database } from '../connect/transaction.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import { COUNTS } from '../quotas.ts'
import type { Rollup } from './rollup.ts'

/** The name stands in the text, so that the index of these queues alone is used. */
const WATCHED = `
  select q.organization_id as "organizationId", q.id as "queueId" from discue.queues q
   where q.name = '${NOTIFICATIONS_QUEUE}' and q.organization_id > $1
     and exists (select 1 from discue.organizations o where o.id = q.organization_id)
   order by q.organization_id limit $2`

const FORGET_RECORD = `delete from discue.answers where organization_id = $1 and target = $2 and key = $3`

const READ = `select version, told from discue.notifications_told where organization_id = $1`
/** Two that write the first version at once: the second finds that of the other one. */
const SAVE = `
  insert into discue.notifications_told as t (organization_id, version, told)
  select $1, $2::int, $3
   where $2::int = 1 + coalesce((select k.version from discue.notifications_told k where k.organization_id = $1), 0)
     and exists (select 1 from discue.organizations o where o.id = $1)
  on conflict (organization_id) do update set version = excluded.version, told = excluded.told
   where t.version = excluded.version - 1
  returning 1 as saved`

/** Where a page of ids ends; no row: at the end of all. */
const endOf = (table: string) => `
  select id from discue.${table} where organization_id = $1 and id > $2 order by id limit 1 offset $3`

const LISTENERS = `
  select l.id, l.name, l.queue_id as "queueId", q.name as "queueName", not ${LISTENER_ENABLED} as "isDisabled",
         coalesce(v.state, 'unknown') as state, coalesce(f.missed, 0) as missed
    from discue.listeners l
    join discue.queues q on q.organization_id = l.organization_id and q.id = l.queue_id
    left join discue.listener_liveness v on v.organization_id = l.organization_id and v.listener_id = l.id
    left join discue.listener_figures f on f.organization_id = l.organization_id and f.listener_id = l.id
   where l.organization_id = $1 and l.id > $2 and l.id <= $3 and l.queue_id <> $4
     and (v.state = 'down' or f.missed > 0 or not ${LISTENER_ENABLED} or l.id = any($5::text[]))
   order by l.id`

/** One read of an index for each listener of the page that something waits for. */
const QUEUES = `
  select id, name, min(case when "isKeptBack" then null else "dueAt" end) as "dueAt"
    from (select q.id, q.name, q.paused or not ${LISTENER_ENABLED} as "isKeptBack",
                 (select d.due_at from discue.deliveries d
                   where d.organization_id = l.organization_id and d.listener_id = l.id
                   order by d.due_at limit 1) as "dueAt"
            from discue.listeners l
            join discue.queues q on q.organization_id = l.organization_id and q.id = l.queue_id
            join discue.listener_figures f on f.organization_id = l.organization_id and f.listener_id = l.id
           where l.organization_id = $1 and l.id > $2 and l.id <= $3 and l.queue_id <> $4 and f.pending > 0) w
   where "dueAt" <= $5 group by id, name order by id`

const SCHEDULES = `
  select s.id, s.name, s.queue_id as "queueId", q.name as "queueName", r.due_at as "dueAt", r.error
    from discue.schedules s
    join discue.queues q on q.organization_id = s.organization_id and q.id = s.queue_id
    join lateral (select l.due_at, l.error, l.skipped_count from discue.schedule_runs l
                   where l.organization_id = s.organization_id and l.schedule_id = s.id
                   order by l.due_at desc limit 1) r on true
   where s.organization_id = $1 and s.id > $2 and s.id <= $3 and s.queue_id <> $4
     and r.error is not null and r.skipped_count is null
   order by s.id`

const LIMITS = `select limits from discue.organizations where id = $1`
const USAGE = `select stored, day, accepted from discue.message_usage where organization_id = $1`

/** Greater than every id. */
const LAST_ID = '~'

type Placed<One> = Omit<One, 'queue'> & { queueId: string; queueName: string }

export function createNotificationStore({ db }: Database, rollup: Rollup): NotificationStore {
  async function endOfPage(table: string, ask: { organizationId: string; after: string; limit: number }) {
    const [row] = await db.rows<{ id: string }>(endOf(table), [ask.organizationId, ask.after, ask.limit - 1])
    return row?.id ?? null
  }

  return {
    async watched({ after, limit }) {
      const watched = await db.rows<WatchedOrganization>(WATCHED, [after ?? '', limit])
      // What was missed, or waits, may not be in the counters yet: once for all that are looked at in a row.
      if (after === null && watched.length > 0) await rollup.all()
      return watched
    },
    async read({ organizationId }) {
      return (await db.rows<ToldRecord>(READ, [organizationId]))[0] ?? null
    },
    async save({ organizationId, version, told }) {
      if ((await db.rows(SAVE, [organizationId, version, told])).length !== 1) return 'passed'
      await db.run(FORGET_RECORD, [organizationId, TOLD_TARGET, String(version - KEPT_TOLD_RECORDS)])
      return 'saved'
    },
    async listeners({ organizationId, exceptQueueId, known, after, limit }) {
      const end = await endOfPage('listeners', { organizationId, after, limit })
      // Those of this page alone: a list is gone through for each row.
      const ofPage = known.filter((id) => id > after && id <= (end ?? LAST_ID))
      const values = [organizationId, after, end ?? LAST_ID, exceptQueueId, texts(ofPage)]
      const rows = await db.rows<Placed<ListenerStanding>>(LISTENERS, values)
      return { found: rows.map(placed), after: end }
    },
    async queues({ organizationId, exceptQueueId, dueBy, after, limit }) {
      const end = await endOfPage('listeners', { organizationId, after, limit })
      const found = await db.rows<QueueStanding>(QUEUES, [organizationId, after, end ?? LAST_ID, exceptQueueId, dueBy])
      return { found, after: end }
    },
    async schedules({ organizationId, exceptQueueId, after, limit }) {
      const end = await endOfPage('schedules', { organizationId, after, limit })
      const rows = await db.rows<Placed<ScheduleStanding>>(SCHEDULES, [
        organizationId,
        after,
        end ?? LAST_ID,
        exceptQueueId,
      ])
      return { found: rows.map(placed), after: end }
    },
    reachedQuotas: ({ organizationId, now }) => reachedQuotas(db, organizationId, now),
  }
}

function placed<One>({ queueId, queueName, ...row }: Placed<One>) {
  return { ...row, queue: { id: queueId, name: queueName } }
}

/** Counts each no further than to its limit; where messages are limited, they are counted already. */
async function reachedQuotas(db: Db, organizationId: string, now: number): Promise<ReachedQuota[]> {
  const [row] = await db.rows<{ limits: Partial<Limits> }>(LIMITS, [organizationId])
  const limits = row?.limits ?? {}
  const reached: ReachedQuota[] = []
  for (const quota of Object.keys(COUNTS) as (keyof typeof COUNTS)[]) {
    const limit = limits[quota] ?? null
    if (limit === null) continue
    const [counted] = await db.rows<{ used: number }>(COUNTS[quota], [organizationId, limit])
    if (counted!.used >= limit) reached.push({ quota, limit })
  }
  const [usage] = await db.rows<{ stored: number; day: number; accepted: number }>(USAGE, [organizationId])
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
