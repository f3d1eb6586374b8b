import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import { PullRoom } from '../../core/delivery/pull.ts'
import { isExpired, MAX_EXPIRED_A_PULL } from '../../core/message/expiry.ts'
import { UsageChanges } from '../../store/commit/usage-changes.ts'
import type { ExpiredLeases, PullAsk, Pulled, PulledDelivery, PullStore } from '../../store/pulls.ts'
import { type LeaseSettling, PENDING_ROW, type PendingRow } from '../commit/lease-settlements.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import type { Changes, Shared } from '../commit/parts.ts'
import { MESSAGE_COLUMNS } from '../messages/messages.ts'
import type { Transact } from '../transaction.ts'
import { createDiscardWaiting, type WaitingDelivery } from './delivery-discards.ts'

/** From a place on, which is a due time and a sequence. */
const DUE = `
  select ${PENDING_ROW} from deliveries
   where listener_id = ? and due_at <= ? and (due_at, sequence) > (?, ?) order by due_at, sequence limit ?`

const NEXT_DUE = `select min(due_at) as dueAt from deliveries where listener_id = ? and due_at > ?`

const LEASE = `
  update deliveries set due_at = ?, pulled_at = ?, receipt_until = null, first_sent_at = coalesce(first_sent_at, ?),
         moved = 1
   where listener_id = ? and due_at = ? and sequence = ?`

/** Leases that have run out; those of a deleted listener are removed with its rows. */
const EXPIRED = `
  select ${PENDING_ROW} from deliveries d
   where pulled_at is not null and due_at <= ? and exists (select 1 from listeners l where l.id = d.listener_id)
   order by due_at, listener_id, sequence limit ?`

const NEXT_EXPIRY = `select min(due_at) as dueAt from deliveries where pulled_at is not null`

const MESSAGE = `select ${MESSAGE_COLUMNS} from messages where sequence = ?`

/** What one pull has gone through. */
interface Took {
  deliveries: PulledDelivery[]
  /** Something that is due was left. */
  isMoreDue: boolean
}

/** What becomes of what a pull comes across, and does not take as it is. */
interface Met {
  /** The row as it is after its lease has run out; null where that was its last attempt. */
  free(row: PendingRow): PendingRow | null
  /** Its message's time is over; false where the transaction has ended as much of that kind as it may. */
  end(waiting: WaitingDelivery): boolean
}

/** What the pulls of one transaction have in common. */
interface Pulling {
  changes: Changes
  /** How much they have ended, of what had expired. */
  ended: { expired: number }
}

export function createPullStore(
  db: DatabaseSync,
  transact: Transact,
  { shared, leaseSettling }: { shared: Shared; leaseSettling: LeaseSettling },
): PullStore {
  const { rowless, leases, orders, usage } = shared
  const [due, nextDue, lease] = [db.prepare(DUE), db.prepare(NEXT_DUE), db.prepare(LEASE)]
  const [expired, nextExpiry] = [db.prepare(EXPIRED), db.prepare(NEXT_EXPIRY)]
  const message = db.prepare(MESSAGE)
  const discard = createDiscardWaiting(db, shared, 'expired')
  const counters = createListenerCounters(db)

  function pull(ask: PullAsk, now: number, { changes, ended: of }: Pulling): Pulled {
    const found = leaseSettling.listener(ask.listenerId)
    if (found === null || !found.pulls) return { outcome: 'gone' }
    if (!found.runs) return { outcome: 'pulled', deliveries: [], nextDueAt: null }
    /** Whether what has waited for the end of such a lease is due now. */
    let isFreed = false
    /** The row as it is after its lease has run out; null where that was its last attempt. */
    const free = (row: PendingRow): PendingRow | null => {
      if (row.pulledAt === null) return row
      const ended = leaseSettling.expire(row, found.retry, now, changes)
      if (ended === 'lost') return null
      if (ended.isPending) return { ...row, attempts: row.attempts + 1, pulledAt: null }
      isFreed ||= ended.dueAt !== null && ended.dueAt <= now
      return null
    }
    const end = (waiting: WaitingDelivery) => {
      if (of.expired >= MAX_EXPIRED_A_PULL) return false
      of.expired += 1
      const nextDueAt = discard(waiting, { now, changes: changes.counters })
      isFreed ||= nextDueAt !== null && nextDueAt <= now
      return true
    }
    const { deliveries, isMoreDue } = take(ask, now, { free, end })
    if (isMoreDue || isFreed) return { outcome: 'pulled', deliveries, nextDueAt: now }
    const next = nextDue.get(ask.listenerId, now) as { dueAt: number | null }
    return { outcome: 'pulled', deliveries, nextDueAt: next.dueAt }
  }

  function take(ask: PullAsk, now: number, { free, end }: Met): Took {
    const room = new PullRoom(ask)
    const deliveries: PulledDelivery[] = []
    let [dueAt, sequence] = [Number.MIN_SAFE_INTEGER, 0]
    for (;;) {
      const rows = due.all(ask.listenerId, now, dueAt, sequence, ask.limit + 1) as unknown as PendingRow[]
      for (const row of rows) {
        dueAt = row.dueAt
        sequence = row.sequence
        // It was sent things until a moment ago, and one of them is still on the wire.
        if (leases.isLeased(ask.listenerId, sequence, now)) continue
        if (room.isFull) return { deliveries, isMoreDue: true }
        const freed = free(row)
        if (freed === null) continue
        const whole = { ...(message.get(sequence) as unknown as Message) }
        if (isExpired(whole, now)) {
          if (end({ listenerId: ask.listenerId, sequence, dueAt: freed.dueAt })) continue
          return { deliveries, isMoreDue: true }
        }
        if (!room.take(Buffer.byteLength(whole.data))) return { deliveries, isMoreDue: true }
        deliveries.push(leasedTo(freed, whole, now, ask.leaseMs))
      }
      if (rows.length <= ask.limit) return { deliveries, isMoreDue: false }
    }
  }

  function leasedTo(row: PendingRow, whole: Message, now: number, leaseMs: number): PulledDelivery {
    const { listenerId, sequence } = row
    const leaseUntil = now + leaseMs
    lease.run(leaseUntil, now, now, listenerId, row.dueAt, sequence)
    return { message: whole, leaseUntil, attempt: row.attempts + 1, orderNumber: orders.numberOf(listenerId, sequence) }
  }

  function expire(now: number, limit: number, changes: Changes): ExpiredLeases {
    const freed: ExpiredLeases['freed'] = []
    for (const row of expired.all(now, limit) as unknown as PendingRow[]) {
      const { retry } = leaseSettling.listener(row.listenerId)!
      const ended = leaseSettling.expire(row, retry, now, changes)
      if (ended !== 'lost' && ended.dueAt !== null) freed.push({ listenerId: row.listenerId, dueAt: ended.dueAt })
    }
    const next = nextExpiry.get() as { dueAt: number | null }
    return { freed, nextAt: next.dueAt }
  }

  /** Runs a transaction that ends leases, and writes what it sums up. */
  function transacting<Result>(now: number, work: (changes: Changes) => Result): Result {
    const { result, counted } = transact(() => {
      const changes = { counters: new CounterChanges(), usage: new UsageChanges() }
      const done = work(changes)
      for (const [listenerId, change] of changes.counters.entries()) counters.add(listenerId, change)
      return { result: done, counted: usage.write(changes.usage, now) }
    })
    counted()
    return result
  }

  return {
    async pull({ now, asks }) {
      rowless.writeFree(now)
      const ended = { expired: 0 }
      return transacting(now, (changes) => asks.map((ask) => pull(ask, now, { changes, ended })))
    },
    expire: async ({ now, limit }) => transacting(now, (changes) => expire(now, limit, changes)),
  }
}
