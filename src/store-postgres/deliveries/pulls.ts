import type { Message } from '../../core/delivery/message.ts'
import type { ExpiredLeases, PullAsk, Pulled, PulledDelivery, PullStore } from '../../store/pulls.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { shareQueues } from '../cluster/locks.ts'
import type { Clock } from '../cluster/nodes.ts'
import { settleLocked } from '../commit/batch-call.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database } from '../connect/transaction.ts'
import { MESSAGE_COLUMNS, messageOf } from '../messages/message-row.ts'
import type { Routines } from '../routines.ts'
import { discardLocked } from './delivery-discards.ts'
import { DueRows, type TakenRow } from './due-rows.ts'
import type { ListenerOwner, ListenerOwners } from './listener-owners.ts'
import { type EndedLease, endedBy, PENDING_ROW, type PendingRow, pullListeners } from './pull-rows.ts'

/** In the column of the node: the client that pulled holds the delivery, and no node does. */
const PULLER = 'pull'

export const NEXT_DUE = `
  select u.listener as "listenerId", it.due_at as "dueAt"
    from unnest($1::text[], $2::text[]) u(organization, listener)
   cross join lateral (
     select d.due_at from discue.deliveries d
      where d.organization_id = u.organization and d.listener_id = u.listener and d.due_at > $3
      order by d.due_at limit 1) it`

export const LEASE = `
  update discue.deliveries d
     set due_at = u.lease_until, pulled_at = $6, receipt_until = null, first_sent_at = coalesce(d.first_sent_at, $6),
         moved = true, lease_node = '${PULLER}', lease = 0
    from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
           u(organization, listener, due_at, sequence, lease_until)
   where d.organization_id = any(array[u.organization]) and d.listener_id = u.listener and d.due_at = u.due_at
     and d.sequence = u.sequence`

/** Of each delivery: its message, and its number in the order of its listener. */
export const READ = `
  select u.n::int as n, ${MESSAGE_COLUMNS}, (
           select o.number from discue.order_places o
            where o.organization_id = u.organization and o.sequence = u.sequence and o.listener_id = u.listener
         ) as "orderNumber"
    from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality u(organization, listener, sequence, n)
    join discue.messages m on m.sequence = any(array[u.sequence])`

/** Leases that have run out; those of a deleted listener are removed with its rows. */
const EXPIRED = `
  select ${PENDING_ROW} from discue.deliveries d join discue.messages m on m.sequence = any(array[d.sequence])
   where d.pulled_at is not null and d.due_at <= $1
     and exists (select 1 from discue.listeners l where l.organization_id = d.organization_id and l.id = d.listener_id)
   order by d.due_at, d.listener_id, d.sequence limit $2 for update of d skip locked`

const NEXT_EXPIRY = `select min(due_at) as "dueAt" from discue.deliveries where pulled_at is not null`

/** One pull of a listener that has something to give, and what it takes. */
interface Pull {
  ask: PullAsk
  owner: ListenerOwner
  taken: TakenRow[]
  /** Something that is due was left. */
  isMoreDue: boolean
}

export function createPullStore(
  { transact }: Database,
  { owners, routines, clock }: { owners: ListenerOwners; routines: Routines; clock: Clock },
): PullStore {
  /** Answers with when each delivery, or what waited for it, can be had; null where nothing can. */
  async function write(db: Db, ends: readonly EndedLease[], now: number): Promise<(number | null)[]> {
    const free = await settleLocked(db, routines, { now, ends })
    return ends.map(({ settlement: { next } }, index) => {
      return free[index] ?? (next.state === 'pending' ? next.dueAt : null)
    })
  }

  async function pull(db: Db, asks: readonly PullAsk[], now: number): Promise<Pulled[]> {
    const known = await owners.ofAll(asks.map(({ listenerId }) => listenerId))
    if (known.size === 0) return asks.map(() => ({ outcome: 'gone' }))
    const queueIds = [...known.values()].map(({ queueId }) => queueId)
    await shareQueues(db, queueIds)
    const of = [...known].map(([listenerId, { organizationId }]) => ({ organizationId, listenerId }))
    const listeners = await pullListeners(db, of)
    const due = new DueRows(db, { listeners, now, clock: clock(now) })
    const pulls: (Pull | Extract<Pulled, { outcome: 'gone' }> | null)[] = asks.map((ask) => {
      const listener = listeners.get(ask.listenerId)
      if (!listener?.pulls) return { outcome: 'gone' }
      if (!listener.runs) return null
      const owner = known.get(ask.listenerId)!
      due.expect(ask, owner)
      return { ask, owner, taken: [], isMoreDue: false }
    })
    const running = pulls.filter((it) => it !== null && 'ask' in it)
    // In the order of the asks: what one leaves is the next one's of the same listener.
    for (const it of running) Object.assign(it, await due.take(it.ask))
    const freed = await freedBy(db, due.ended, now)
    for (const listenerId of await discardedOf(db, due.expired, now)) freed.add(listenerId)
    const deliveries = await lease(db, running, now)
    const nextDue = await nextDueOf(db, running, now)
    return pulls.map((it): Pulled => {
      if (it === null) return { outcome: 'pulled', deliveries: [], nextDueAt: null }
      if ('outcome' in it) return it
      const { listenerId } = it.ask
      const nextDueAt = it.isMoreDue || freed.has(listenerId) ? now : (nextDue.get(listenerId) ?? null)
      return { outcome: 'pulled', deliveries: deliveries.get(it) ?? [], nextDueAt }
    })
  }

  /** Writes leases that have run out; answers with the listeners of which something else is due now that waited for it. */
  async function freedBy(db: Db, ended: readonly EndedLease[], now: number): Promise<Set<string>> {
    const freed = new Set<string>()
    for (const [index, dueAt] of (await write(db, ended, now)).entries()) {
      const { delivery, next } = ended[index]!.settlement
      if (next.state !== 'pending' && dueAt !== null && dueAt <= now) freed.add(delivery.listenerId)
    }
    return freed
  }

  /** Discards what has expired; answers with the listeners of which another message has its turn now. */
  async function discardedOf(db: Db, rows: readonly PendingRow[], now: number): Promise<string[]> {
    const freed: string[] = []
    for (const [organizationId, own] of Map.groupBy(rows, (row) => row.organizationId)) {
      const changes = new Changes()
      freed.push(...(await discardLocked(db, own, { organizationId, now, changes, routines, reason: 'expired' })))
      await writeChanges(db, changes, now)
    }
    return freed
  }

  /** Leases what was taken, and reads it. */
  async function lease(db: Db, pulls: readonly Pull[], now: number): Promise<Map<Pull, PulledDelivery[]>> {
    const all = pulls.flatMap((it) => it.taken.map((row) => ({ it, row, leaseUntil: now + it.ask.leaseMs })))
    const deliveries = new Map<Pull, PulledDelivery[]>()
    if (all.length === 0) return deliveries
    const of = [texts(all.map(({ it }) => it.owner.organizationId)), texts(all.map(({ it }) => it.ask.listenerId))]
    const sequences = numbers(all.map(({ row }) => row.sequence))
    const dueAts = numbers(all.map(({ row }) => row.dueAt))
    await db.run(LEASE, [...of, dueAts, sequences, numbers(all.map(({ leaseUntil }) => leaseUntil)), now])
    type Read = Message & { n: number; orderNumber: number | null }
    const found = new Map((await db.rows<Read>(READ, [...of, sequences])).map((row) => [row.n, row]))
    for (const [index, { it, row, leaseUntil }] of all.entries()) {
      const { n: _, orderNumber, ...message } = found.get(index + 1)!
      const delivery = { message: messageOf(message), leaseUntil, attempt: row.attempts + 1, orderNumber }
      const own = deliveries.get(it)
      if (own === undefined) deliveries.set(it, [delivery])
      else own.push(delivery)
    }
    return deliveries
  }

  /** When something is due, of the listeners of which nothing is due now. */
  async function nextDueOf(db: Db, pulls: readonly Pull[], now: number): Promise<Map<string, number>> {
    const ofListener = new Map(pulls.filter((it) => !it.isMoreDue).map(({ ask, owner }) => [ask.listenerId, owner]))
    if (ofListener.size === 0) return new Map()
    const organizations = texts([...ofListener.values()].map(({ organizationId }) => organizationId))
    const values = [organizations, texts([...ofListener.keys()]), now]
    const rows = await db.rows<{ listenerId: string; dueAt: number }>(NEXT_DUE, values)
    return new Map(rows.map(({ listenerId, dueAt }) => [listenerId, dueAt]))
  }

  async function expire(db: Db, now: number, limit: number): Promise<ExpiredLeases> {
    const rows = await db.rows<PendingRow>(EXPIRED, [now, limit])
    const listeners = await pullListeners(db, rows)
    const ends = rows.flatMap((row) => {
      const listener = listeners.get(row.listenerId)
      // Deleted since the rows were read.
      if (listener === undefined) return []
      return [endedBy(row, { how: 'lease_expired' }, { retry: listener.retry, now, random: () => 0 })]
    })
    const dueAts = await write(db, ends, now)
    const freed = ends.flatMap(({ held }, index) => {
      const dueAt = dueAts[index]!
      return dueAt === null ? [] : [{ listenerId: held.listenerId, dueAt }]
    })
    const [next] = await db.rows<{ dueAt: number | null }>(NEXT_EXPIRY)
    return { freed, nextAt: next!.dueAt }
  }

  return {
    pull: ({ now, asks }) => transact((db) => pull(db, asks, now)),
    expire: ({ now, limit }) => transact((db) => expire(db, now, limit)),
  }
}
