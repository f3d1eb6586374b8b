import { attemptOf } from '../../core/delivery/delivery.ts'
import { DEFAULT_SETTINGS, type SettingsChange, withChange } from '../../core/delivery/listener.ts'
import type { Message } from '../../core/delivery/message.ts'
import { afterLease, type LeaseEnd, leaseOutcome } from '../../core/delivery/pull.ts'
import type { RetryPolicy } from '../../core/delivery/retry-policy.ts'
import type { Settlement } from '../../store/commit/batch.ts'
import type { ExpiredLeases, LeaseSettled, LeaseSettlement, PullAsk, Pulled, PullStore } from '../../store/pulls.ts'
import { shareQueue } from '../cluster/locks.ts'
import type { Clock } from '../cluster/nodes.ts'
import { settleLocked } from '../commit/batch.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database } from '../connect/transaction.ts'
import { MESSAGE_COLUMNS, messageOf } from '../messages/message-row.ts'
import type { Routines } from '../routines.ts'
import { LISTENER, LIVING, RUNS } from './deliveries.ts'
import type { HeldLease } from './leases.ts'
import type { ListenerOwner, ListenerOwners } from './listener-owners.ts'

/** In the column of the node: the client that pulled holds the delivery, and no node does. */
const PULLER = 'pull'

const FIND = `
  select l.settings, l.notify_url is null as pulls, (${RUNS}) as runs
    from ${LISTENER} where l.organization_id = $1 and l.id = $2`

const ROW = `
  d.organization_id as "organizationId", d.listener_id as "listenerId", d.due_at as "dueAt", d.sequence, d.attempts,
  d.attempts_before as "attemptsBefore", d.first_sent_at as "firstSentAt", d.pulled_at as "pulledAt"`
const FACTS = `
  m.id, m.organization_id as "organizationId", m.queue_id as "queueId", m.name, m.deliver_at as "deliverAt"`

/** From a place on, which is a due time and a sequence; not what is just on the wire, or in another pull's hands. */
const DUE = `
  select ${ROW}, ${FACTS}, octet_length(m.data) as bytes
    from discue.deliveries d join discue.messages m on m.sequence = any(array[d.sequence])
   where d.organization_id = $1 and d.listener_id = $2 and d.due_at <= $3 and (d.due_at, d.sequence) > ($4, $5)
     and (d.lease_node is null or d.pulled_at is not null or d.lease_node <> all(${LIVING('$6')}))
   order by d.due_at, d.sequence limit $7 for update of d skip locked`

const NEXT_DUE = `
  select due_at as "dueAt" from discue.deliveries
   where organization_id = $1 and listener_id = $2 and due_at > $3 order by due_at limit 1`

const LEASE = `
  update discue.deliveries d
     set due_at = $5, pulled_at = $6, first_sent_at = coalesce(d.first_sent_at, $6), moved = true,
         lease_node = '${PULLER}', lease = 0
    from unnest($3::bigint[], $4::bigint[]) u(due_at, sequence)
   where d.organization_id = $1 and d.listener_id = $2 and d.due_at = u.due_at and d.sequence = u.sequence`

const READ = `
  select ${MESSAGE_COLUMNS}, (
           select o.number from discue.order_places o
            where o.organization_id = $1 and o.sequence = m.sequence and o.listener_id = $2) as "orderNumber"
    from discue.messages m where m.sequence = any($3)`

const HAND_BACK = `
  update discue.deliveries set due_at = $5, pulled_at = null, lease_node = null, lease = null
   where organization_id = $1 and listener_id = $2 and due_at = $3 and sequence = $4`

const LEASED = `
  select ${ROW}, ${FACTS} from discue.messages m join discue.deliveries d on d.organization_id = $1 and d.sequence = m.sequence
   where m.organization_id = $1 and m.queue_id = $2 and m.id = $3 and d.listener_id = $4 and d.due_at = $5
     and d.attempts = $6 and d.pulled_at is not null
     for update of d`

/** Leases that have run out; those of a deleted listener are removed with its rows. */
const EXPIRED = `
  select ${ROW}, ${FACTS} from discue.deliveries d join discue.messages m on m.sequence = any(array[d.sequence])
   where d.pulled_at is not null and d.due_at <= $1
     and exists (select 1 from discue.listeners l where l.organization_id = d.organization_id and l.id = d.listener_id)
   order by d.due_at limit $2 for update of d skip locked`

const NEXT_EXPIRY = `select min(due_at) as "dueAt" from discue.deliveries where pulled_at is not null`

/** A pending delivery with what is told of its message; leased where `pulledAt` is there. */
interface Row {
  organizationId: string
  listenerId: string
  dueAt: number
  sequence: number
  attempts: number
  attemptsBefore: number
  firstSentAt: number | null
  pulledAt: number | null
  id: string
  queueId: string
  name: string | null
  deliverAt: number
  bytes: number
}

interface Listener {
  pulls: boolean
  runs: boolean
  retry: RetryPolicy
}

/** A lease that has ended, and what becomes of its delivery. */
interface Ended {
  row: Row
  settlement: Settlement
  held: HeldLease
}

export function createPullStore(
  { transact }: Database,
  { owners, routines, clock }: { owners: ListenerOwners; routines: Routines; clock: Clock },
): PullStore {
  async function find(db: Db, { organizationId }: ListenerOwner, listenerId: string): Promise<Listener | null> {
    interface Found {
      settings: SettingsChange
      pulls: boolean
      runs: boolean
    }
    const [row] = await db.rows<Found>(FIND, [organizationId, listenerId])
    return row === undefined ? null : { ...row, retry: withChange(DEFAULT_SETTINGS, row.settings).retry }
  }

  /** Answers with when each delivery, or what waited for it, can be had; null where nothing can. */
  async function write(db: Db, ends: readonly Ended[], now: number): Promise<(number | null)[]> {
    const free = await settleLocked(db, routines, { node: PULLER, now, ends })
    return ends.map(({ settlement: { next } }, index) => {
      return free[index] ?? (next.state === 'pending' ? next.dueAt : null)
    })
  }

  async function settle(db: Db, all: readonly LeaseSettlement[], now: number): Promise<LeaseSettled[]> {
    const results: LeaseSettled[] = all.map(() => ({ outcome: 'lost' }))
    const ends: { at: number; ended: Ended }[] = []
    const seen = new Set<string>()
    for (const [at, it] of all.entries()) {
      const row = await leased(db, it)
      if (row === null || seen.has(`${row.listenerId} ${row.sequence}`)) continue
      seen.add(`${row.listenerId} ${row.sequence}`)
      const listener = await find(db, row, row.listenerId)
      if (listener === null) continue
      if (it.end.how === 'unseen') {
        await db.run(HAND_BACK, [row.organizationId, row.listenerId, row.dueAt, row.sequence, now])
        results[at] = { outcome: 'settled', dueAt: now }
      } else ends.push({ at, ended: endedBy(row, it.end, { retry: listener.retry, now, random: () => it.random }) })
    }
    const dueAts = await write(
      db,
      ends.map(({ ended }) => ended),
      now,
    )
    for (const [index, { at }] of ends.entries()) results[at] = { outcome: 'settled', dueAt: dueAts[index]! }
    return results
  }

  /** The delivery that a receipt is for, locked; null where it is worth nothing any more. */
  async function leased(db: Db, { listenerId, queueId, receipt }: LeaseSettlement): Promise<Row | null> {
    const place = await owners.of(listenerId)
    if (place === null) return null
    await shareQueue(db, place.queueId)
    const { messageId, leaseUntil, attempt } = receipt
    const of = [place.organizationId, queueId, messageId, listenerId]
    return (await db.rows<Row>(LEASED, [...of, leaseUntil, attempt - 1]))[0] ?? null
  }

  async function pull(db: Db, ask: PullAsk, now: number): Promise<Pulled> {
    const place = await owners.of(ask.listenerId)
    if (place === null) return { outcome: 'gone' }
    await shareQueue(db, place.queueId)
    const listener = await find(db, place, ask.listenerId)
    if (listener === null || !listener.pulls) return { outcome: 'gone' }
    if (!listener.runs) return { outcome: 'pulled', deliveries: [], nextDueAt: null }
    const { rows, more } = await take(db, ask, { place, listener, now })
    const deliveries = await lease(db, ask, { place, rows, now })
    if (more) return { outcome: 'pulled', deliveries, nextDueAt: now }
    const [next] = await db.rows<{ dueAt: number }>(NEXT_DUE, [place.organizationId, ask.listenerId, now])
    return { outcome: 'pulled', deliveries, nextDueAt: next?.dueAt ?? null }
  }

  /** What is due, as much as was asked for; `more`: something due was left. Leases that have run out end here. */
  async function take(db: Db, ask: PullAsk, by: { place: ListenerOwner; listener: Listener; now: number }) {
    const { place, listener, now } = by
    const rows: Row[] = []
    let bytesLeft = ask.maxBytes
    let [dueAt, sequence] = [Number.MIN_SAFE_INTEGER, 0]
    for (;;) {
      const from = [place.organizationId, ask.listenerId, now, dueAt, sequence]
      const found = await db.rows<Row>(DUE, [...from, clock(now), ask.limit + 1])
      for (const row of found) {
        if (rows.length === ask.limit) return { rows, more: true }
        dueAt = row.dueAt
        sequence = row.sequence
        const free = row.pulledAt === null ? row : await freed(db, row, listener.retry, now)
        if (free === null) continue
        bytesLeft -= row.bytes
        if (bytesLeft < 0 && rows.length > 0) return { rows, more: true }
        rows.push(free)
      }
      if (found.length <= ask.limit) return { rows, more: false }
    }
  }

  /** The row as it is after its lease has run out; null where that was its last attempt. */
  async function freed(db: Db, row: Row, retry: RetryPolicy, now: number): Promise<Row | null> {
    const ended = endedBy(row, { how: 'lease_expired' }, { retry, now, random: () => 0 })
    await write(db, [ended], now)
    const { next } = ended.settlement
    return next.state === 'pending' ? { ...row, dueAt: next.dueAt, attempts: row.attempts + 1, pulledAt: null } : null
  }

  async function lease(db: Db, ask: PullAsk, { place, rows, now }: { place: ListenerOwner; rows: Row[]; now: number }) {
    if (rows.length === 0) return []
    const of = [place.organizationId, ask.listenerId]
    const sequences = numbers(rows.map((row) => row.sequence))
    const leaseUntil = now + ask.leaseMs
    await db.run(LEASE, [...of, numbers(rows.map((row) => row.dueAt)), sequences, leaseUntil, now])
    const read = await db.rows<Message & { orderNumber: number | null }>(READ, [...of, sequences])
    const messages = new Map(read.map((row) => [row.sequence, messageOf(row)]))
    return rows.map(({ sequence, attempts }) => {
      const { orderNumber, ...message } = messages.get(sequence)!
      return { message, leaseUntil, attempt: attempts + 1, orderNumber }
    })
  }

  async function expire(db: Db, now: number, limit: number): Promise<ExpiredLeases> {
    const rows = await db.rows<Row>(EXPIRED, [now, limit])
    const ends: Ended[] = []
    for (const row of rows) {
      const listener = await find(db, row, row.listenerId)
      // Deleted since the rows were read.
      if (listener === null) continue
      ends.push(endedBy(row, { how: 'lease_expired' }, { retry: listener.retry, now, random: () => 0 }))
    }
    const dueAts = await write(db, ends, now)
    const freed = ends.flatMap(({ row }, index) => {
      const dueAt = dueAts[index]!
      return dueAt === null ? [] : [{ listenerId: row.listenerId, dueAt }]
    })
    const [next] = await db.rows<{ dueAt: number | null }>(NEXT_EXPIRY)
    return { freed, nextAt: next!.dueAt }
  }

  return {
    async commit({ now, settlements, pulls }) {
      return transact(async (db) => {
        const settled = await settle(db, settlements, now)
        const pulled: Pulled[] = []
        for (const ask of pulls) pulled.push(await pull(db, ask, now))
        return { settlements: settled, pulls: pulled }
      })
    },
    expire: ({ now, limit }) => transact((db) => expire(db, now, limit)),
  }
}

/** A lease as an attempt, judged as any other. */
function endedBy(row: Row, end: LeaseEnd, by: { retry: RetryPolicy; now: number; random: () => number }): Ended {
  const endedAt = end.how === 'lease_expired' ? row.dueAt : by.now
  const outcome = leaseOutcome(end, { pulledAt: row.pulledAt ?? endedAt, endedAt })
  const next = afterLease(row, end, { outcome, ...by })
  const { id, organizationId, queueId, name, deliverAt, listenerId, sequence, dueAt } = row
  const message = { id, organizationId, queueId, name, deliverAt }
  const { firstSentAt, attemptsBefore } = row
  const delivery = { listenerId, dueAt, sequence, lease: 0, firstSentAt, attemptsBefore }
  const settlement = { delivery, attempt: attemptOf(row, outcome), next }
  return { row, settlement, held: { number: 0, message, listenerId, sequence, dueAt } }
}
