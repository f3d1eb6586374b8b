import { isOfOutage, type Retried } from '../../core/delivery/outage.ts'
import type { DeliveryStore, DuePlace } from '../../store/deliveries.ts'
import { type Clock, LIVING_NODES } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers } from '../connect/arrays.ts'
import type { Database } from '../connect/transaction.ts'
import type { ListenerOwners } from './listener-owners.ts'

/** Accepted at a time that is yet to come, and due at that time. Each listener's by the key of their due times. */
const BRING_FORWARD = `
  with living as materialized (select ${LIVING_NODES('$4')} as nodes)
  update discue.deliveries d set due_at = $1, moved = true
   where d.ctid = any(array(
     select e.ctid
       from discue.listeners l
       join discue.deliveries e
         on e.organization_id = l.organization_id and e.listener_id = l.id and e.due_at > $1 and e.due_at <= $2
      where e.pulled_at is null and e.attempts = 0
        and (e.lease_node is null or e.lease_node <> all((select nodes from living)::text[]))
        and exists (select 1 from discue.messages m
                     where m.sequence = e.sequence and m.created_at = e.due_at and m.deliver_at = e.due_at)
      limit $3 for update of e skip locked))
  returning d.listener_id as "listenerId"`

/** What waits for another attempt, from a place on, and when the last one ended. */
const RETRIED = `
  with living as materialized (select ${LIVING_NODES('$6')} as nodes)
  select d.due_at as "dueAt", d.sequence, d.attempts, d.attempts_before as "attemptsBefore", (
           select a.started_at + a.duration_ms from discue.attempts a
            where a.organization_id = d.organization_id and a.sequence = d.sequence and a.listener_id = d.listener_id
            order by a.number desc limit 1) as "failedAt"
    from discue.deliveries d
   where d.organization_id = $1 and d.listener_id = $2 and (d.due_at, d.sequence) > ($3, $4) and d.pulled_at is null
     and d.attempts > d.attempts_before
     and (d.lease_node is null or d.lease_node <> all((select nodes from living)::text[]))
   order by d.due_at, d.sequence limit $5 for update of d skip locked`

const MOVE = `
  update discue.deliveries d set due_at = $3, moved = true
    from unnest($4::bigint[], $5::bigint[]) u(due_at, sequence)
   where d.organization_id = $1 and d.listener_id = $2 and d.due_at = u.due_at and d.sequence = u.sequence`

/** By this the next one of an order is known, when its turn comes. */
const NOTE = `
  insert into discue.notes as n (name, value) values ('clock_was_at', $1)
      on conflict (name) do update set value = excluded.value where excluded.value::bigint > n.value::bigint`

/** Deliveries that become due at another time than was written: after an outage, and after a clock that was ahead. */
export function createDueTimes(
  { transact }: Database,
  { owners, clock, publish }: { owners: ListenerOwners; clock: Clock; publish: Publish },
): Pick<DeliveryStore, 'bringForward' | 'bringBack'> {
  return {
    async bringForward({ now, until, limit }) {
      return transact(async (on) => {
        await on.run(NOTE, [String(until)])
        const rows = await on.rows<{ listenerId: string }>(BRING_FORWARD, [now, until, limit, clock(now)])
        const listenerIds = rows.map(({ listenerId }) => listenerId)
        const own = [...new Set(listenerIds)]
        if (own.length > 0) await publish(on, { kind: 'deliveries_due', listenerIds: own, dueAt: now })
        return listenerIds
      })
    },
    async bringBack({ listenerId, since, retry, now, limit, after }) {
      const place = await owners.of(listenerId)
      if (place === null) return { moved: 0, after: null }
      return transact(async (on) => {
        const from = after ?? { dueAt: now, sequence: Number.MAX_SAFE_INTEGER }
        const ask = [place.organizationId, listenerId, from.dueAt, from.sequence, limit, clock(now)]
        const rows = await on.rows<Retried & DuePlace>(RETRIED, ask)
        const back = rows.filter((row) => isOfOutage(row, { since, retry }))
        const keys = [numbers(back.map(({ dueAt }) => dueAt)), numbers(back.map(({ sequence }) => sequence))]
        if (back.length > 0) {
          await on.run(MOVE, [place.organizationId, listenerId, now, ...keys])
          await publish(on, { kind: 'deliveries_due', listenerIds: [listenerId], dueAt: now })
        }
        const last = rows.at(-1)
        return { moved: back.length, after: last === undefined || rows.length < limit ? null : placeOf(last) }
      })
    },
  }
}

function placeOf({ dueAt, sequence }: DuePlace): DuePlace {
  return { dueAt, sequence }
}
