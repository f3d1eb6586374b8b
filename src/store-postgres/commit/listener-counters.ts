import type { ListenerCounters } from '../../core/delivery/listener.ts'
import type { Db } from '../connect/session.ts'

/** What was added up, and what commits have left since. */
const READ = `
  select l.id,
         coalesce(f.acknowledged, 0) + coalesce(c.acknowledged, 0) as "acknowledgedCount",
         coalesce(f.missed, 0) + coalesce(c.missed, 0) as "missedCount",
         greatest(f.last_success_at, c.last_success_at) as "lastSuccessAt",
         greatest(f.last_failure_at, c.last_failure_at) as "lastFailureAt",
         coalesce(f.pending, 0) + coalesce(c.pending, 0) as "pendingCount"
    from discue.listeners l
    left join discue.listener_figures f on f.organization_id = l.organization_id and f.listener_id = l.id
    left join lateral (
      select sum(acknowledged)::bigint as acknowledged, sum(missed)::bigint as missed, sum(pending)::bigint as pending,
             max(last_success_at) as last_success_at, max(last_failure_at) as last_failure_at
        from discue.usage_changes c
       where c.organization_id = l.organization_id and c.subject_id = l.queue_id and c.listener_id = l.id
    ) c on true
   where l.organization_id = $1 and l.id = any($2)`

const NEWEST_MISSED = `
  select u.id as listener, m.id
    from unnest($2::text[]) u(id)
   cross join lateral (
     select x.sequence from discue.missed x where x.organization_id = $1 and x.listener_id = u.id
      order by x.sequence desc limit 100) x
    join discue.messages m on m.sequence = any(array[x.sequence])
   order by x.sequence desc`

type Row = Omit<ListenerCounters, 'missedMessageIds'> & { id: string }

/** The counters of these listeners of one organization, by id. */
export async function countersOf(
  db: Db,
  organizationId: string,
  listenerIds: string,
): Promise<Map<string, ListenerCounters>> {
  const rows = await db.rows<Row>(READ, [organizationId, listenerIds])
  const missed = await db.rows<{ listener: string; id: string }>(NEWEST_MISSED, [organizationId, listenerIds])
  const found = new Map<string, ListenerCounters>()
  for (const { id, ...counters } of rows) found.set(id, { ...counters, missedMessageIds: [] })
  for (const { listener, id } of missed) found.get(listener)?.missedMessageIds.push(id)
  return found
}
