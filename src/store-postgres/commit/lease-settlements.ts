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
       select m.id, m.queue_id, m.name, m.deliver_at, m.sequence from discue.messages m
        where m.organization_id = u.organization and m.queue_id = u.queue and m.id = u.message offset 0) m
  )`

const DELIVERY = `
  d.organization_id = any(array[m.organization]) and d.listener_id = m.listener and d.due_at = m.lease_until
    and d.sequence = m.sequence and d.attempts = m.attempts and d.pulled_at is not null`

/** Not locked: the commit that ends them finds out whether they still hold. */
export const READ = `
  with ${RECEIPTS} select m.n, ${PENDING_ROW} from receipts m join discue.deliveries d on ${DELIVERY}`

export const HAND_BACK = `
  with ${RECEIPTS}
  update discue.deliveries d set due_at = $7, pulled_at = null, lease_node = null, lease = null
    from receipts m
   where ${DELIVERY}
     and exists (select 1 from discue.listeners l
                  where l.organization_id = d.organization_id and l.id = d.listener_id)
  returning m.n`

/** What a client says of its lease, with its place in the batch. */
interface Said {
  at: number
  it: LeaseSettlement
  owner: ListenerOwner
}

/** Leases that clients have ended. */
export interface LeaseSettlements {
  /** By their place in the batch; those that are worth nothing any more are not among them. */
  ended: { at: number; lease: EndedLease }[]
  /** The places of those that no client has seen; they are handed back already. */
  handedBack: number[]
}

/** Reads the leases that clients name and judges what becomes of each, in three statements however many they are. */
export function createLeaseReader(db: Db, owners: ListenerOwners) {
  /** Each receipt once: where it comes twice, the second has lost, however the first is judged. */
  async function distinct(settlements: readonly LeaseSettlement[]): Promise<Said[]> {
    const known = await owners.ofAll(settlements.map(({ listenerId }) => listenerId))
    const said = new Map<string, Said>()
    for (const [at, it] of settlements.entries()) {
      const { messageId, leaseUntil, attempt } = it.receipt
      const owner = known.get(it.listenerId)
      const key = `${it.listenerId} ${messageId} ${leaseUntil} ${attempt}`
      if (owner !== undefined && !said.has(key)) said.set(key, { at, it, owner })
    }
    return [...said.values()]
  }

  async function endedOf(said: readonly Said[], now: number): Promise<LeaseSettlements['ended']> {
    if (said.length === 0) return []
    const rows = await db.rows<PendingRow & { n: number }>(READ, receiptsOf(said))
    const listeners = await pullListeners(db, rows)
    return rows.flatMap(({ n, ...row }) => {
      const listener = listeners.get(row.listenerId)
      const { at, it } = said[n - 1]!
      if (listener === undefined || it.end.how === 'unseen') return []
      return [{ at, lease: endedBy(row, it.end, { retry: listener.retry, now, random: () => it.random }) }]
    })
  }

  return async (settlements: readonly LeaseSettlement[], now: number): Promise<LeaseSettlements> => {
    const said = await distinct(settlements)
    const unseen = said.filter(({ it }) => it.end.how === 'unseen')
    // Before anything else is written: what fails here has then not kept a client from hearing of what was done.
    const back = unseen.length === 0 ? [] : await db.rows<{ n: number }>(HAND_BACK, [...receiptsOf(unseen), now])
    const ended = await endedOf(
      said.filter(({ it }) => it.end.how !== 'unseen'),
      now,
    )
    return { ended, handedBack: back.map(({ n }) => unseen[n - 1]!.at) }
  }
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
