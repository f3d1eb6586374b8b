import type { DatabaseSync } from 'node:sqlite'
import { attemptOf } from '../../core/delivery/delivery.ts'
import { DEFAULT_SETTINGS, withChange } from '../../core/delivery/listener.ts'
import type { Message } from '../../core/delivery/message.ts'
import { afterLease, type LeaseEnd, leaseOutcome } from '../../core/delivery/pull.ts'
import type { RetryPolicy } from '../../core/delivery/retry-policy.ts'
import { UsageChanges } from '../../store/commit/usage-changes.ts'
import type {
  ExpiredLeases,
  LeaseSettled,
  LeaseSettlement,
  PullAsk,
  PullBatch,
  PullBatchResult,
  Pulled,
  PulledDelivery,
  PullStore,
} from '../../store/pulls.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import type { Changes, Shared } from '../commit/parts.ts'
import { createSettling } from '../commit/settlements.ts'
import { MESSAGE_COLUMNS } from '../messages/messages.ts'
import type { Transact } from '../transaction.ts'
import { RUNS } from './deliveries.ts'
import type { LeasedMessage } from './leases.ts'

const LISTENER = `
  select l.settings, l.notify_url is null as pulls, (${RUNS}) as runs
    from listeners l cross join queues q on q.id = l.queue_id where l.id = ?`

const ROW = `
  listener_id as listenerId, due_at as dueAt, sequence, attempts, attempts_before as attemptsBefore,
  first_sent_at as firstSentAt, pulled_at as pulledAt`

/** From a place on, which is a due time and a sequence. */
const DUE = `
  select ${ROW} from deliveries
   where listener_id = ? and due_at <= ? and (due_at, sequence) > (?, ?) order by due_at, sequence limit ?`

const NEXT_DUE = `select min(due_at) as dueAt from deliveries where listener_id = ? and due_at > ?`

const LEASE = `
  update deliveries set due_at = ?, pulled_at = ?, first_sent_at = coalesce(first_sent_at, ?), moved = 1
   where listener_id = ? and due_at = ? and sequence = ?`

const HAND_BACK = `
  update deliveries set due_at = ?, pulled_at = null where listener_id = ? and due_at = ? and sequence = ?`

const LEASED = `
  select ${ROW} from deliveries
   where listener_id = ? and due_at = ? and sequence = ? and attempts = ? and pulled_at is not null`

/** Leases that have run out; those of a deleted listener are removed with its rows. */
const EXPIRED = `
  select ${ROW} from deliveries d
   where pulled_at is not null and due_at <= ? and exists (select 1 from listeners l where l.id = d.listener_id)
   order by due_at limit ?`

const NEXT_EXPIRY = `select min(due_at) as dueAt from deliveries where pulled_at is not null`

const MESSAGE = `select ${MESSAGE_COLUMNS} from messages where sequence = ?`
const FACTS = `
  id, organization_id as organizationId, queue_id as queueId, name, deliver_at as deliverAt, sequence`
const FACTS_BY_ID = `select ${FACTS} from messages where queue_id = ? and id = ?`
const FACTS_BY_SEQUENCE = `select ${FACTS} from messages where sequence = ?`

/** A pending delivery, leased where `pulledAt` is there. */
interface Row {
  listenerId: string
  dueAt: number
  sequence: number
  attempts: number
  attemptsBefore: number
  firstSentAt: number | null
  pulledAt: number | null
}

/** What ends a lease, and what that is judged by. */
interface Ending {
  end: LeaseEnd
  now: number
  random: () => number
  changes: Changes
}

/** `dueAt`: something that waited for this is due then; of a pending delivery it is the delivery itself. */
type Ended = { outcome: 'pending'; dueAt: number } | { outcome: 'done'; dueAt: number | null } | { outcome: 'lost' }

type Facts = LeasedMessage & { sequence: number }

export function createPullStore(db: DatabaseSync, transact: Transact, shared: Shared): PullStore {
  const { rowless, leases, orders, usage } = shared
  const [listener, due, nextDue] = [db.prepare(LISTENER), db.prepare(DUE), db.prepare(NEXT_DUE)]
  const [lease, handBack, leased] = [db.prepare(LEASE), db.prepare(HAND_BACK), db.prepare(LEASED)]
  const [expired, nextExpiry] = [db.prepare(EXPIRED), db.prepare(NEXT_EXPIRY)]
  const [message, factsById] = [db.prepare(MESSAGE), db.prepare(FACTS_BY_ID)]
  const factsBySequence = db.prepare(FACTS_BY_SEQUENCE)
  const counters = createListenerCounters(db)
  const { write } = createSettling(db, shared)

  function find(listenerId: string): { pulls: boolean; runs: boolean; retry: RetryPolicy } | null {
    const row = listener.get(listenerId) as { settings: string; pulls: number; runs: number } | undefined
    if (row === undefined) return null
    const { retry } = withChange(DEFAULT_SETTINGS, JSON.parse(row.settings))
    return { pulls: row.pulls === 1, runs: row.runs === 1, retry }
  }

  /** Writes what came of a lease, as of any other attempt. */
  function end(row: Row, facts: Facts, retry: RetryPolicy, { changes, ...by }: Ending): Ended {
    const endedAt = by.end.how === 'lease_expired' ? row.dueAt : by.now
    const outcome = leaseOutcome(by.end, { pulledAt: row.pulledAt ?? endedAt, endedAt })
    const next = afterLease(row, by.end, { outcome, retry, now: by.now, random: by.random })
    const settlement = { delivery: { ...row, lease: 0 }, attempt: attemptOf(row, outcome), next }
    const result = write(facts, settlement, by.now, changes)
    if (result === 'lost') return { outcome: 'lost' }
    const free = typeof result === 'object' ? result.nextDueAt : null
    return next.state === 'pending'
      ? { outcome: 'pending', dueAt: free ?? next.dueAt }
      : { outcome: 'done', dueAt: free }
  }

  function endExpired(row: Row, retry: RetryPolicy, now: number, changes: Changes): Ended {
    const facts = factsBySequence.get(row.sequence) as unknown as Facts
    return end(row, facts, retry, { end: { how: 'lease_expired' }, now, random: () => 0, changes })
  }

  /** The row as it is after its lease has run out; null where that was its last attempt. */
  function freed(row: Row, retry: RetryPolicy, now: number, changes: Changes): Row | null {
    if (row.pulledAt === null) return row
    const ended = endExpired(row, retry, now, changes)
    return ended.outcome === 'pending'
      ? { ...row, dueAt: ended.dueAt, attempts: row.attempts + 1, pulledAt: null }
      : null
  }

  function pull(ask: PullAsk, now: number, changes: Changes): Pulled {
    const found = find(ask.listenerId)
    if (found === null || !found.pulls) return { outcome: 'gone' }
    if (!found.runs) return { outcome: 'pulled', deliveries: [], nextDueAt: null }
    const deliveries: PulledDelivery[] = []
    let bytesLeft = ask.maxBytes
    let [dueAt, sequence] = [Number.MIN_SAFE_INTEGER, 0]
    for (;;) {
      const rows = due.all(ask.listenerId, now, dueAt, sequence, ask.limit + 1) as unknown as Row[]
      for (const row of rows) {
        if (deliveries.length === ask.limit) return { outcome: 'pulled', deliveries, nextDueAt: now }
        dueAt = row.dueAt
        sequence = row.sequence
        // It was sent things until a moment ago, and one of them is still on the wire.
        if (leases.isLeased(ask.listenerId, sequence, now)) continue
        const free = freed(row, found.retry, now, changes)
        if (free === null) continue
        const whole = { ...(message.get(sequence) as unknown as Message) }
        bytesLeft -= Buffer.byteLength(whole.data)
        if (bytesLeft < 0 && deliveries.length > 0) return { outcome: 'pulled', deliveries, nextDueAt: now }
        deliveries.push(leasedTo(free, whole, now, ask.leaseMs))
      }
      if (rows.length <= ask.limit) break
    }
    const next = nextDue.get(ask.listenerId, now) as { dueAt: number | null }
    return { outcome: 'pulled', deliveries, nextDueAt: next.dueAt }
  }

  function leasedTo(row: Row, whole: Message, now: number, leaseMs: number): PulledDelivery {
    const { listenerId, sequence } = row
    const leaseUntil = now + leaseMs
    lease.run(leaseUntil, now, now, listenerId, row.dueAt, sequence)
    return { message: whole, leaseUntil, attempt: row.attempts + 1, orderNumber: orders.numberOf(listenerId, sequence) }
  }

  function settle(it: LeaseSettlement, now: number, changes: Changes): LeaseSettled {
    const { listenerId, receipt } = it
    const facts = factsById.get(it.queueId, receipt.messageId) as Facts | undefined
    if (facts === undefined) return { outcome: 'lost' }
    const at = [listenerId, receipt.leaseUntil, facts.sequence] as const
    const row = leased.get(...at, receipt.attempt - 1) as Row | undefined
    const found = row === undefined ? null : find(listenerId)
    if (row === undefined || found === null) return { outcome: 'lost' }
    if (it.end.how === 'unseen') {
      handBack.run(now, ...at)
      return { outcome: 'settled', dueAt: now }
    }
    const ended = end(row, facts, found.retry, { end: it.end, now, random: () => it.random, changes })
    return ended.outcome === 'lost' ? ended : { outcome: 'settled', dueAt: ended.dueAt }
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
    async commit({ now, settlements, pulls }: PullBatch): Promise<PullBatchResult> {
      rowless.writeFree(now)
      return transacting(now, (changes) => ({
        settlements: settlements.map((it) => settle(it, now, changes)),
        pulls: pulls.map((ask) => pull(ask, now, changes)),
      }))
    },
    async expire({ now, limit }) {
      return transacting(now, (changes) => {
        const free: ExpiredLeases['freed'] = []
        for (const row of expired.all(now, limit) as unknown as Row[]) {
          const ended = endExpired(row, find(row.listenerId)!.retry, now, changes)
          if (ended.outcome !== 'lost' && ended.dueAt !== null) free.push({ ...row, dueAt: ended.dueAt })
        }
        const next = nextExpiry.get() as { dueAt: number | null }
        return { freed: free.map(({ listenerId, dueAt }) => ({ listenerId, dueAt })), nextAt: next.dueAt }
      })
    },
  }
}
