import type { Backlog, DeliveryStore } from '../../store/deliveries.ts'
import type { Database } from '../connect/transaction.ts'
import type { Rollup } from '../telemetry/rollup.ts'

/** One read of the listeners' counters, and one of an index for each listener that something waits for. */
const BY_QUEUE = `
  select l.queue_id as "queueId", sum(f.pending)::bigint as waiting,
         min((select d.due_at from discue.deliveries d
               where d.organization_id = l.organization_id and d.listener_id = l.id
               order by d.due_at limit 1)) as "oldestDueAt"
    from discue.listener_figures f
    join discue.listeners l on l.organization_id = f.organization_id and l.id = f.listener_id
   where f.pending > 0 and exists (select 1 from discue.organizations o where o.id = l.organization_id)
   group by l.queue_id order by waiting desc, l.queue_id`

/** What waits in the queues of all organizations. */
export function createBacklog({ db }: Database, rollup: Rollup): DeliveryStore['backlog'] {
  return async ({ limit }) => {
    await rollup.all()
    const queues = await db.rows<{ queueId: string } & Backlog>(BY_QUEUE)
    return { queues: queues.slice(0, limit), others: sumOf(queues.slice(limit)) }
  }
}

function sumOf(queues: readonly Backlog[]): Backlog {
  const dueAts = queues.map(({ oldestDueAt }) => oldestDueAt).filter((dueAt) => dueAt !== null)
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0)
  return { waiting, oldestDueAt: dueAts.length === 0 ? null : Math.min(...dueAts) }
}
