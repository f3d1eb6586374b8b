import type { DatabaseSync } from 'node:sqlite'
import { DEFAULT_SETTINGS, withChange } from '../../core/delivery/listener.ts'
import { extendedLease, judgeLease, type LeaseEnd, type PulledLease, type Receipt } from '../../core/delivery/pull.ts'
import type { RetryPolicy } from '../../core/delivery/retry-policy.ts'
import type { SettleResult } from '../../store/commit/batch.ts'
import type { LeaseSettlement } from '../../store/pulls.ts'
import { RUNS } from '../deliveries/deliveries.ts'
import type { LeasedMessage } from '../deliveries/leases.ts'
import type { Changes } from './parts.ts'
import type { Settling } from './settlements.ts'

const LISTENER = `
  select l.settings, l.notify_url is null as pulls, (${RUNS}) as runs
    from listeners l cross join queues q on q.id = l.queue_id where l.id = ?`

export const PENDING_ROW = `
  listener_id as listenerId, due_at as dueAt, sequence, attempts, attempts_before as attemptsBefore,
  first_sent_at as firstSentAt, pulled_at as pulledAt`

const LEASED = `
  select ${PENDING_ROW} from deliveries
   where listener_id = ? and due_at = ? and sequence = ? and attempts = ? and pulled_at is not null
     and receipt_until is null`

/** One that was extended does not lie where its receipt says. */
const EXTENDED = `
  select ${PENDING_ROW} from deliveries
   where listener_id = ? and receipt_until = ? and sequence = ? and attempts = ? and pulled_at is not null`

const EXTEND = `
  update deliveries set due_at = ?, receipt_until = ? where listener_id = ? and due_at = ? and sequence = ?`

const HAND_BACK = `
  update deliveries set due_at = ?, pulled_at = null where listener_id = ? and due_at = ? and sequence = ?`

const FACTS = `
  id, organization_id as organizationId, queue_id as queueId, name, deliver_at as deliverAt, sequence`
const FACTS_BY_ID = `select ${FACTS} from messages where queue_id = ? and id = ?`
const FACTS_BY_SEQUENCE = `select ${FACTS} from messages where sequence = ?`

/** A pending delivery, leased to a client where `pulledAt` is there. */
export interface PendingRow extends PulledLease {
  listenerId: string
  sequence: number
  firstSentAt: number | null
}

/** What a listener that pulls says of its pulls. */
interface PullListener {
  pulls: boolean
  /** Neither it is disabled nor its queue paused. */
  runs: boolean
  retry: RetryPolicy
}

/** What came of the end of a lease: whether its delivery may be had again, and when something of its listener is due. */
type Ended = { isPending: boolean; dueAt: number | null } | 'lost'

type Facts = LeasedMessage & { sequence: number }

/** The part of a transaction that ends leases of clients that pull, as the settlements that they are. */
export interface LeaseSettling {
  listener(listenerId: string): PullListener | null
  /** Writes what a client says of its lease. */
  settle(it: LeaseSettlement, now: number, changes: Changes): SettleResult
  /** Ends a lease that has run out. */
  expire(row: PendingRow, retry: RetryPolicy, now: number, changes: Changes): Ended
}

export function createLeaseSettling(db: DatabaseSync, { write }: Pick<Settling, 'write'>): LeaseSettling {
  const [listener, leased, handBack] = [db.prepare(LISTENER), db.prepare(LEASED), db.prepare(HAND_BACK)]
  const [extended, extend] = [db.prepare(EXTENDED), db.prepare(EXTEND)]
  const [factsById, factsBySequence] = [db.prepare(FACTS_BY_ID), db.prepare(FACTS_BY_SEQUENCE)]

  function find(listenerId: string): PullListener | null {
    const row = listener.get(listenerId) as { settings: string; pulls: number; runs: number } | undefined
    if (row === undefined) return null
    const { retry } = withChange(DEFAULT_SETTINGS, JSON.parse(row.settings))
    return { pulls: row.pulls === 1, runs: row.runs === 1, retry }
  }

  /** Writes what came of a lease, as of any other attempt. */
  function end(
    row: PendingRow,
    facts: Facts,
    by: { end: LeaseEnd; retry: RetryPolicy; now: number; random: () => number; changes: Changes },
  ): Ended {
    const { attempt, next } = judgeLease(row, by.end, by)
    const result = write(facts, { delivery: { ...row, lease: 0 }, attempt, next }, by.now, by.changes)
    if (result === 'lost') return 'lost'
    const isPending = next.state === 'pending'
    if (typeof result === 'object') return { isPending, dueAt: result.nextDueAt }
    return { isPending, dueAt: isPending ? next.dueAt : null }
  }

  /** The lease that a receipt is for, wherever it lies by now. */
  function leaseOf(listenerId: string, { leaseUntil, attempt }: Receipt, sequence: number): PendingRow | undefined {
    const by = [listenerId, leaseUntil, sequence, attempt - 1]
    return (leased.get(...by) ?? extended.get(...by)) as PendingRow | undefined
  }

  return {
    listener: find,
    settle({ listenerId, queueId, receipt, end: said, random }, now, changes) {
      const facts = factsById.get(queueId, receipt.messageId) as Facts | undefined
      if (facts === undefined) return 'lost'
      const row = leaseOf(listenerId, receipt, facts.sequence)
      const found = row === undefined ? null : find(listenerId)
      if (row === undefined || found === null) return 'lost'
      const at = [listenerId, row.dueAt, facts.sequence] as const
      if (said.how === 'unseen') {
        handBack.run(now, ...at)
        return { nextDueAt: now }
      }
      if (said.how === 'extended') {
        const { dueAt, receiptUntil } = extendedLease(receipt, { leaseMs: said.leaseMs, now })
        extend.run(dueAt, receiptUntil, ...at)
        return { nextDueAt: dueAt }
      }
      const ended = end(row, facts, { end: said, retry: found.retry, now, random: () => random, changes })
      if (ended === 'lost') return 'lost'
      return ended.dueAt === null ? 'settled' : { nextDueAt: ended.dueAt }
    },
    expire(row, retry, now, changes) {
      const facts = factsBySequence.get(row.sequence) as unknown as Facts
      return end(row, facts, { end: { how: 'lease_expired' }, retry, now, random: () => 0, changes })
    },
  }
}
