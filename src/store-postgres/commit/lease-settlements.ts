import { extendedLease } from '../../core/delivery/pull.ts'
import type { LeaseSettlement } from '../../store/pulls.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db, Value } from '../connect/session.ts'
import type { ListenerOwner, ListenerOwners } from '../deliveries/listener-owners.ts'
import { type EndedLease, endedBy, PENDING_ROW, type PendingRow, pullListeners } from '../deliveries/pull-rows.ts'

/** The messages that receipts name. Set off, so that each is looked up by its key, whatever is known of the table. */
const RECEIPTS = `
  receipts as materialized (
    select u.n::int as n, u.organization, u.listener, u.lease_until, u.attempts, m.*
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[]) with ordinality
             u(organization, queue, message, listener, lease_until, attempts, n)
     cross join lateral (
       select m.id, m.queue_id, m.name, m.deliver_at, m.expires_at, m.sequence from discue.messages m
        where m.organization_id = u.organization and m.queue_id = u.queue and m.id = u.message offset 0) m
  )`

const LEASE = `d.attempts = m.attempts and d.pulled_at is not null`

const DELIVERY = `
  d.organization_id = any(array[m.organization]) and d.listener_id = m.listener and d.due_at = m.lease_until
    and d.sequence = m.sequence and d.receipt_until is null and ${LEASE}`

/** One that was extended does not lie where its receipt says. */
const EXTENDED = `
  d.sequence = any(array[m.sequence]) and d.listener_id = m.listener and d.receipt_until = m.lease_until and ${LEASE}`

/** Not locked: the commit that ends them finds out whether they still hold. */
export const READ = `
  with ${RECEIPTS}
  select m.n, ${PENDING_ROW} from receipts m
   cross join lateral (
     select d.* from discue.deliveries d where ${DELIVERY}
      union all
     select d.* from discue.deliveries d where ${EXTENDED}) d`

export const HAND_BACK = `
  with ${RECEIPTS}
  update discue.deliveries d set due_at = $7, pulled_at = null, lease_node = null, lease = null
    from receipts m
   where ${DELIVERY}
     and exists (select 1 from discue.listeners l
                  where l.organization_id = d.organization_id and l.id = d.listener_id)
  returning m.n`

const extending = (which: string) => `
  with ${RECEIPTS}
  update discue.deliveries d set due_at = e.due_at, receipt_until = e.receipt_until
    from receipts m join unnest($7::bigint[], $8::bigint[]) with ordinality e(due_at, receipt_until, n) on e.n = m.n
   where ${which}
     and exists (select 1 from discue.listeners l
                  where l.organization_id = d.organization_id and l.id = d.listener_id)
  returning m.n`

/** Leases that are extended for the first time. */
export const EXTEND = extending(DELIVERY)
/** Those that were extended before, maybe by another node a moment ago: so it comes after the other. */
export const EXTEND_AGAIN = extending(EXTENDED)

/** What a client says of its lease, with its place in the batch. */
export interface NumberedSettlement {
  at: number
  it: LeaseSettlement
}

interface Said extends NumberedSettlement {
  owner: ListenerOwner
}

/** Leases that clients have ended. */
export interface LeaseSettlements {
  /** By their place in the batch; those that are worth nothing any more are not among them. */
  ended: { at: number; lease: EndedLease }[]
  /** The places of those that no client has seen; they are handed back already. */
  handedBack: number[]
  /** The places of those that begin anew, and when they end then; that is written already. */
  extended: { at: number; dueAt: number }[]
}

/** Reads the leases that clients name and judges what becomes of each, in three statements however many they are. */
export function createLeaseReader(db: Db, owners: ListenerOwners) {
  async function owned(settlements: readonly NumberedSettlement[]): Promise<Said[]> {
    const known = await owners.ofAll(settlements.map(({ it }) => it.listenerId))
    return settlements.flatMap(({ at, it }) => {
      const owner = known.get(it.listenerId)
      return owner === undefined ? [] : [{ at, it, owner }]
    })
  }

  /** Extends leases; where one comes twice, the later one counts, and both have extended it. */
  async function extend(said: readonly Said[], now: number): Promise<LeaseSettlements['extended']> {
    const byReceipt = Map.groupBy(said, keyOf)
    const done: LeaseSettlements['extended'] = []
    for (const sql of [EXTEND, EXTEND_AGAIN]) {
      const latest = [...byReceipt.values()].map((all) => all.at(-1)!)
      if (latest.length === 0) break
      const leases = latest.map(({ it }) => extendedLease(it.receipt, { leaseMs: leaseMsOf(it), now }))
      const values = [numbers(leases.map(({ dueAt }) => dueAt)), numbers(leases.map((it) => it.receiptUntil))]
      for (const { n } of await db.rows<{ n: number }>(sql, [...receiptsOf(latest), ...values])) {
        const key = keyOf(latest[n - 1]!)
        const { dueAt } = leases[n - 1]!
        done.push(...byReceipt.get(key)!.map(({ at }) => ({ at, dueAt })))
        byReceipt.delete(key)
      }
    }
    return done
  }

  async function endedOf(said: readonly Said[], now: number): Promise<LeaseSettlements['ended']> {
    if (said.length === 0) return []
    const rows = await db.rows<PendingRow & { n: number }>(READ, receiptsOf(said))
    const listeners = await pullListeners(db, rows)
    return rows.flatMap(({ n, ...row }) => {
      const listener = listeners.get(row.listenerId)
      const { at, it } = said[n - 1]!
      if (listener === undefined || it.end.how === 'unseen' || it.end.how === 'extended') return []
      return [{ at, lease: endedBy(row, it.end, { retry: listener.retry, now, random: () => it.random }) }]
    })
  }

  return async (settlements: readonly NumberedSettlement[], now: number): Promise<LeaseSettlements> => {
    const all = await owned(settlements)
    // Before anything else is written: what fails here has then not kept a client from hearing of what was done.
    const extended = await extend(
      all.filter(({ it }) => it.end.how === 'extended'),
      now,
    )
    const said = distinct(all.filter(({ it }) => it.end.how !== 'extended'))
    const unseen = said.filter(({ it }) => it.end.how === 'unseen')
    const back = unseen.length === 0 ? [] : await db.rows<{ n: number }>(HAND_BACK, [...receiptsOf(unseen), now])
    const ended = await endedOf(
      said.filter(({ it }) => it.end.how !== 'unseen'),
      now,
    )
    return { ended, extended, handedBack: back.map(({ n }) => unseen[n - 1]!.at) }
  }
}

/** Each receipt once: where it comes twice, the second has lost, however the first is judged. */
function distinct(all: readonly Said[]): Said[] {
  const said = new Map<string, Said>()
  for (const it of all) if (!said.has(keyOf(it))) said.set(keyOf(it), it)
  return [...said.values()]
}

function keyOf({ it: { listenerId, receipt } }: Said): string {
  return `${listenerId} ${receipt.messageId} ${receipt.leaseUntil} ${receipt.attempt}`
}

function leaseMsOf({ end }: LeaseSettlement): number {
  return end.how === 'extended' ? end.leaseMs : 0
}

function receiptsOf(said: readonly Said[]): Value[] {
  return [
    texts(said.map(({ owner }) => owner.organizationId)),
    texts(said.map(({ it }) => it.queueId)),
    texts(said.map(({ it }) => it.receipt.messageId)),
    texts(said.map(({ it }) => it.listenerId)),
    numbers(said.map(({ it }) => it.receipt.leaseUntil)),
    numbers(said.map(({ it }) => it.receipt.attempt - 1)),
  ]
}
