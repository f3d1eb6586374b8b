import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { Claim, DeliveryStore, WaitingListener } from '../../store/deliveries.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { type Clock, LIVING_NODES } from '../cluster/nodes.ts'
import type { UncertainCommits } from '../commit/uncertain-commits.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import { MESSAGE_COLUMNS, messageOf } from '../messages/message-row.ts'
import type { Leases } from './leases.ts'
import type { ListenerOwners } from './listener-owners.ts'

/** A listener whose organization is deleted may still have its row, and is gone nevertheless. */
export const RUNS = `
  not q.paused and ${LISTENER_ENABLED} and exists (select 1 from discue.organizations o where o.id = l.organization_id)`

export const LISTENER = `
  discue.listeners l join discue.queues q on q.organization_id = l.organization_id and q.id = l.queue_id`

/** For a statement that has the delivery as `d` and the nodes that live as `living`. */
const FREE = `
  d.pulled_at is null and case when d.lease_node is null then true
       when d.lease_node = $4 then d.lease < $6 and d.lease <> all($7::bigint[])
       else d.lease_node <> all((select nodes from living)::text[]) end`

/**
 * What may be claimed: what is not leased, what a dead node holds, and what this node holds without knowing of it (see
 * `leases.ts`). All that is taken at once has one number; a row that was locked stays where it is until it is leased.
 */
export const CLAIM = `
  with living as materialized (select ${LIVING_NODES('$8')} as nodes),
  runs as materialized (
    select 1 from ${LISTENER} where l.organization_id = $1 and l.id = $2 and ${RUNS}
  ), picked as materialized (
    select d.ctid, d.due_at, d.sequence, d.attempts, d.attempts_before, d.first_sent_at
      from discue.deliveries d
     where d.organization_id = $1 and d.listener_id = $2 and d.due_at <= $3 and exists (select 1 from runs)
       and ${FREE}
     order by d.due_at, d.sequence limit $9 for update skip locked
  ), sized as materialized (
    select p.ctid as place, p.due_at, p.attempts, p.attempts_before, p.first_sent_at, ${MESSAGE_COLUMNS},
           row_number() over in_order as n, sum(octet_length(m.data)) over in_order as bytes
      -- By 'any', so that it is only ever gone from what was picked to its message: see routines/commit_batch.sql.
      from picked p join discue.messages m on m.sequence = any(array[p.sequence])
    window in_order as (order by p.due_at, p.sequence)
  ), taken as materialized (
    select * from sized where n = 1 or bytes <= $10
  ), leased as (
    update discue.deliveries d set lease_node = $4, lease = $5 where d.ctid = any(array(select place from taken))
  ), last as (
    select due_at, sequence from taken order by due_at desc, sequence desc limit 1
  ), next as (
    select d.due_at
      from discue.deliveries d
     where d.organization_id = $1 and d.listener_id = $2 and exists (select 1 from runs)
       and (d.due_at, d.sequence) > (coalesce((select due_at from last), -1), coalesce((select sequence from last), -1))
       and ${FREE}
     order by d.due_at, d.sequence limit 1
  )
  select t.id, t."organizationId", t."queueId", t.name, t.key, t.data, t."mediaType", t."createdAt", t."deliverAt", t."expiresAt", t.headers, t.sequence,
         t.due_at as "dueAt", t.attempts, t.attempts_before as "attemptsBefore", t.first_sent_at as "firstSentAt",
         (select o.number from discue.order_places o
           where o.organization_id = $1 and o.sequence = t.sequence and o.listener_id = $2) as "orderNumber",
         (select due_at from next) as "nextDueAt"
    from (select 1) one left join taken t on true
   order by t.due_at, t.sequence`

/** Steps from listener to listener in the index, so that it costs what waits, not what is there. */
export const WAITING = `
  with recursive living as materialized (select ${LIVING_NODES('$4')} as nodes),
  busy as (
    (select d.organization_id, d.listener_id from discue.deliveries d
      where (d.organization_id, d.listener_id) > ($1, $2) order by d.organization_id, d.listener_id limit 1)
    union all
    select n.organization_id, n.listener_id
      from busy b cross join lateral (
        select d.organization_id, d.listener_id from discue.deliveries d
         where (d.organization_id, d.listener_id) > (b.organization_id, b.listener_id)
         order by d.organization_id, d.listener_id limit 1) n
  )
  select b.organization_id as "organizationId", b.listener_id as "listenerId", it."queueId", it."nextDueAt"
    from busy b cross join lateral (
      select l.queue_id as "queueId", (
               select d.due_at from discue.deliveries d
                where d.organization_id = l.organization_id and d.listener_id = l.id
                  and d.pulled_at is null
                  and case when d.lease_node is null then true when d.lease_node = $5 then false
                           else d.lease_node <> all((select nodes from living)::text[]) end
                order by d.due_at, d.sequence limit 1) as "nextDueAt"
        from ${LISTENER}
       where l.organization_id = b.organization_id and l.id = b.listener_id and l.notify_url is not null and ${RUNS}
      -- Keeps the planner from beginning elsewhere: so the rows come in the order of the steps, which end at the limit.
      offset 0) it
   where it."nextDueAt" is not null
   limit $3`

/** When to look again for what another node was just taking. */
const TAKEN_MS = 50

interface ClaimedRow extends Omit<Message, 'sequence'> {
  /** Null where nothing was claimed. */
  sequence: number | null
  dueAt: number
  attempts: number
  attemptsBefore: number
  firstSentAt: number | null
  orderNumber: number | null
  nextDueAt: number | null
}

/** What waits, and claiming it for a node; what a node holds is in `leases`. */
export function createClaims(
  db: Db,
  parts: { leases: Leases; uncertain: UncertainCommits; owners: ListenerOwners; clock: Clock },
): Pick<DeliveryStore, 'claimDue' | 'waiting'> {
  const { leases, uncertain, owners, clock } = parts

  async function claim(ask: Parameters<DeliveryStore['claimDue']>[0]): Promise<Claim> {
    const { node, listenerId, limit, maxBytes, now } = ask
    const place = await owners.of(listenerId)
    if (place === null) return { deliveries: [], nextDueAt: null }
    const { firstInFlight } = leases
    const taking = leases.reserve(1)
    try {
      const held = numbers(leases.numbersOf(node, listenerId))
      const due = [place.organizationId, listenerId, now, node, taking.first, firstInFlight, held]
      const rows = await db.rows<ClaimedRow>(CLAIM, [...due, clock(now), limit, maxBytes])
      const deliveries = rows.flatMap((row) => keep(node, listenerId, taking.first, row))
      return { deliveries, nextDueAt: nextOf(rows[0]!.nextDueAt, deliveries.length, now) }
    } catch (error) {
      if (error instanceof StoreUnavailable) uncertain.add([listenerId])
      throw error
    } finally {
      taking.settle()
    }
  }

  /** What is due and was not taken, though there was room, is just being taken by another node. */
  function nextOf(nextDueAt: number | null, taken: number, now: number): number | null {
    return taken === 0 && nextDueAt !== null && nextDueAt <= now ? now + TAKEN_MS : nextDueAt
  }

  function keep(node: string, listenerId: string, lease: number, row: ClaimedRow): LeasedDelivery[] {
    const { sequence, dueAt, attempts, attemptsBefore, firstSentAt, orderNumber, nextDueAt: _, ...rest } = row
    if (sequence === null) return []
    const message = messageOf({ ...rest, sequence })
    leases.keep(node, { number: lease, message, listenerId, sequence, dueAt })
    return [{ listenerId, message, dueAt, attempts, attemptsBefore, firstSentAt, orderNumber, lease }]
  }

  return {
    claimDue: claim,
    async waiting({ node, after, limit, now }) {
      const from = after === null ? { organizationId: '', listenerId: '' } : await owners.of(after)
      if (from === null) return []
      interface Row extends WaitingListener {
        organizationId: string
        queueId: string
      }
      const rows = await db.rows<Row>(WAITING, [from.organizationId, after ?? '', limit, clock(now), node])
      for (const { listenerId, organizationId, queueId } of rows)
        owners.remember(listenerId, { organizationId, queueId })
      const found = rows.map(({ listenerId, nextDueAt }) => ({ listenerId, nextDueAt }))
      // At the end of the last page, whatever order they are in: no caller goes on from there.
      return found.length < limit ? [...found, ...uncertain.waiting(found, now)] : found
    },
  }
}
