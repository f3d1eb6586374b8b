import type { Backlog, DeliveryStore, ListenerBacklog, OtherListeners, QueueBacklog } from '../../store/deliveries.ts'
import type { Database } from '../connect/transaction.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import type { Rollup } from '../telemetry/rollup.ts'

const OLDEST = `
  case when q.paused or not ${LISTENER_ENABLED} then null
       else (select d.due_at from discue.deliveries d
              where d.organization_id = l.organization_id and d.listener_id = l.id
              order by d.due_at limit 1) end`

/** One read of the listeners' counters, and one of an index for each listener that something waits for. */
const BY_QUEUE = `
  select l.queue_id as "queueId", q.name as "queueName", sum(f.pending)::bigint as waiting, min(${OLDEST}) as "oldestDueAt"
    from discue.listener_figures f
    join discue.listeners l on l.organization_id = f.organization_id and l.id = f.listener_id
    join discue.queues q on q.organization_id = l.organization_id and q.id = l.queue_id
   where f.pending > 0 and exists (select 1 from discue.organizations o where o.id = l.organization_id)
   group by l.queue_id, q.name order by waiting desc, l.queue_id`

const LISTENERS = `
    from discue.listeners l
    join discue.queues q on q.organization_id = l.organization_id and q.id = l.queue_id
    left join discue.listener_figures f on f.organization_id = l.organization_id and f.listener_id = l.id
    left join discue.listener_liveness v on v.organization_id = l.organization_id and v.listener_id = l.id
   where exists (select 1 from discue.organizations o where o.id = l.organization_id)`

/** The worst are found before their oldest delivery is looked for. */
const WORST = `
  with worst as materialized (
    select l.organization_id, l.id, coalesce(v.state, 'unknown') as state, coalesce(f.pending, 0) as waiting,
           coalesce(f.missed, 0) as missed
    ${LISTENERS}
     order by coalesce(v.state, 'unknown') = 'down' desc, coalesce(f.pending, 0) desc, coalesce(f.missed, 0) desc, l.id
     limit $1)
  select l.id as "listenerId", l.name as "listenerName", q.id as "queueId", q.name as "queueName", w.state, w.waiting,
         w.missed, ${OLDEST} as "oldestDueAt"
    from worst w
    join discue.listeners l on l.organization_id = w.organization_id and l.id = w.id
    join discue.queues q on q.organization_id = l.organization_id and q.id = l.queue_id
   order by w.state = 'down' desc, w.waiting desc, w.missed desc, l.id`

const ALL = `
  select count(*) filter (where v.state = 'down') as down, coalesce(sum(f.pending), 0)::bigint as waiting,
         coalesce(sum(f.missed), 0)::bigint as missed
  ${LISTENERS}`

/** What waits in the queues of all organizations, and for which listeners. */
export function createBacklog({ db }: Database, rollup: Rollup): Pick<DeliveryStore, 'backlog' | 'worstListeners'> {
  return {
    async backlog({ limit }) {
      await rollup.all()
      const queues = await db.rows<QueueBacklog>(BY_QUEUE)
      return { queues: queues.slice(0, limit), others: sumOf(queues.slice(limit)) }
    },
    async worstListeners({ limit }) {
      await rollup.all()
      const listeners = await db.rows<ListenerBacklog>(WORST, [limit])
      const [sums] = await db.rows<OtherListeners>(ALL)
      return { listeners, others: without(listeners, sums!) }
    },
  }
}

function sumOf(queues: readonly Backlog[]): Backlog {
  const dueAts = queues.map(({ oldestDueAt }) => oldestDueAt).filter((dueAt) => dueAt !== null)
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0)
  return { waiting, oldestDueAt: dueAts.length === 0 ? null : Math.min(...dueAts) }
}

/** Another transaction may have come between the two readings. */
function without(listeners: readonly ListenerBacklog[], { down, waiting, missed }: OtherListeners): OtherListeners {
  const left = { down, waiting, missed }
  for (const listener of listeners) {
    if (listener.state === 'down') left.down -= 1
    left.waiting -= listener.waiting
    left.missed -= listener.missed
  }
  return { down: Math.max(0, left.down), waiting: Math.max(0, left.waiting), missed: Math.max(0, left.missed) }
}
