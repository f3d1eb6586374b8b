import type { DatabaseSync } from 'node:sqlite'
import type { Backlog, DeliveryStore } from '../../store/deliveries.ts'
import { reading } from '../transaction.ts'

/** As many reads of an index as there are listeners that something waits for; their counts are kept along. */
const BY_QUEUE = `
  select l.queue_id as queueId, sum(f.pending) as waiting,
         min((select d.due_at from deliveries d where d.listener_id = l.id order by d.due_at limit 1)) as oldestDueAt
    from listener_figures f cross join listeners l on l.id = f.listener_id cross join queues q on q.id = l.queue_id
   where f.pending > 0
     and exists (select 1 from organizations o where o.id = l.organization_id)
   group by l.queue_id order by waiting desc, l.queue_id`

/** What waits in the queues of all organizations. */
export function createBacklog(db: DatabaseSync): DeliveryStore['backlog'] {
  const byQueue = db.prepare(BY_QUEUE)
  return async ({ limit }) =>
    reading(() => {
      const queues = byQueue.all() as unknown as ({ queueId: string } & Backlog)[]
      return { queues: queues.slice(0, limit).map((queue) => ({ ...queue })), others: sumOf(queues.slice(limit)) }
    })
}

function sumOf(queues: readonly Backlog[]): Backlog {
  const sum: Backlog = { waiting: 0, oldestDueAt: null }
  for (const { waiting, oldestDueAt } of queues) {
    sum.waiting += waiting
    if (oldestDueAt !== null) sum.oldestDueAt = Math.min(oldestDueAt, sum.oldestDueAt ?? oldestDueAt)
  }
  return sum
}
