import type { DatabaseSync } from 'node:sqlite'
import type { Backlog, DeliveryStore, ListenerBacklog, OtherListeners, QueueBacklog } from '../../store/deliveries.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import { reading } from '../transaction.ts'

const OLDEST = `
  case when q.paused or not ${LISTENER_ENABLED} then null
       else (select d.due_at from deliveries d where d.listener_id = l.id order by d.due_at limit 1) end`

/** As many reads of an index as there are listeners that something waits for; their counts are kept along. */
const BY_QUEUE = `
  select l.queue_id as queueId, q.name as queueName, sum(f.pending) as waiting, min(${OLDEST}) as oldestDueAt
    from listener_figures f cross join listeners l on l.id = f.listener_id cross join queues q on q.id = l.queue_id
   where f.pending > 0
     and exists (select 1 from organizations o where o.id = l.organization_id)
   group by l.queue_id order by waiting desc, l.queue_id`

/** The worst are found before their oldest delivery is looked for. */
const WORST = `
  with worst as materialized (
    select l.id, coalesce(v.state, 'unknown') as state, coalesce(f.pending, 0) as waiting, coalesce(f.missed, 0) as missed
      from listeners l join queues q on q.id = l.queue_id and q.organization_id = l.organization_id
      left join listener_figures f on f.listener_id = l.id
      left join listener_liveness v on v.listener_id = l.id
     where exists (select 1 from organizations o where o.id = l.organization_id)
     order by v.state is 'down' desc, waiting desc, missed desc, l.id limit ?)
  select l.id as listenerId, l.name as listenerName, q.id as queueId, q.name as queueName, w.state, w.waiting, w.missed,
         ${OLDEST} as oldestDueAt
    from worst w cross join listeners l on l.id = w.id cross join queues q on q.id = l.queue_id
   order by w.state = 'down' desc, w.waiting desc, w.missed desc, l.id`

const ALL = `
  select coalesce(sum(v.state is 'down'), 0) as down, coalesce(sum(f.pending), 0) as waiting,
         coalesce(sum(f.missed), 0) as missed
    from listeners l join queues q on q.id = l.queue_id and q.organization_id = l.organization_id
    left join listener_figures f on f.listener_id = l.id
    left join listener_liveness v on v.listener_id = l.id
   where exists (select 1 from organizations o where o.id = l.organization_id)`

/** What waits in the queues of all organizations, and for which listeners. */
export function createBacklog(db: DatabaseSync): Pick<DeliveryStore, 'backlog' | 'worstListeners'> {
  const [byQueue, worst, all] = [db.prepare(BY_QUEUE), db.prepare(WORST), db.prepare(ALL)]
  return {
    async backlog({ limit }) {
      return reading(() => {
        const queues = byQueue.all() as unknown as QueueBacklog[]
        return { queues: queues.slice(0, limit).map((queue) => ({ ...queue })), others: sumOf(queues.slice(limit)) }
      })
    },
    async worstListeners({ limit }) {
      return reading(() => {
        const listeners = (worst.all(limit) as unknown as ListenerBacklog[]).map((row) => ({ ...row }))
        const sums = all.get() as unknown as OtherListeners
        return { listeners, others: without(listeners, sums) }
      })
    },
  }
}

function sumOf(queues: readonly Backlog[]): Backlog {
  const sum: Backlog = { waiting: 0, oldestDueAt: null }
  for (const { waiting, oldestDueAt } of queues) {
    sum.waiting += waiting
    if (oldestDueAt !== null) sum.oldestDueAt = Math.min(oldestDueAt, sum.oldestDueAt ?? oldestDueAt)
  }
  return sum
}

function without(listeners: readonly ListenerBacklog[], { down, waiting, missed }: OtherListeners): OtherListeners {
  const left = { down, waiting, missed }
  for (const listener of listeners) {
    if (listener.state === 'down') left.down -= 1
    left.waiting -= listener.waiting
    left.missed -= listener.missed
  }
  return left
}
