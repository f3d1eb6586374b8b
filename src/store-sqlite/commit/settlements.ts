import type { DatabaseSync } from 'node:sqlite'
import { acknowledges } from '../../core/delivery/attempt.ts'
import type { Settlement, SettleResult } from '../../store/commit/batch.ts'
import { INSERT_RUN } from '../deliveries/delivery-rows.ts'
import type { LeasedMessage } from '../deliveries/leases.ts'
import type { Changes, Shared } from './parts.ts'

const INSERT_ATTEMPT = `
  insert into attempts (sequence, listener_id, number, started_at, duration_ms, status, error, response)
  values (?, ?, ?, ?, ?, ?, ?, ?)`

const DELETE_DELIVERY = `delete from deliveries where listener_id = ? and due_at = ? and sequence = ?`

/** The run that the attempt was judged by must still be the one that runs. */
const OF_RUN = `listener_id = ? and due_at = ? and sequence = ? and attempts_before = ?`

const GIVE_UP = `delete from deliveries where ${OF_RUN}`
const MOVE_DELIVERY = `
  update deliveries set due_at = ?, attempts = ?, first_sent_at = ?, moved = 1, pulled_at = null where ${OF_RUN}`

/** A redelivery was asked for while the attempt was on the wire, or the attempts are not to count. */
const BEGIN_ANEW = `
  update deliveries set due_at = ?, attempts = ?, attempts_before = ?, first_sent_at = ?, moved = 1, pulled_at = null
   where listener_id = ? and due_at = ? and sequence = ?`

/** What the listener wants when its settlement is written is what counts. */
const BLOCKS = `select 1 from listeners where id = ? and settings ->> '$.onMissed' = 'block'`

const INSERT_MISSED = `insert into missed (sequence, listener_id, at, reason) values (?, ?, ?, ?)`

/** The node that settles, when, and the sums that settlements are added to. */
interface By {
  node: string
  now: number
  /** Of all settlements of a delivery in one transaction, the first counts. */
  transaction: number
  changes: Changes
}

/** What becomes of the row of a pending delivery. */
type Moved = 'as judged' | 'anew' | 'gone'

/** The part of a transaction that writes what came of deliveries. */
export interface Settling {
  /** Of a delivery that its settler holds. */
  write(message: LeasedMessage, it: Settlement, now: number, changes: Changes): SettleResult
  /** Of a delivery that was sent, where this is its lease. */
  settle(it: Settlement, by: By): SettleResult
}

export function createSettling(db: DatabaseSync, { leases, orders, touched }: Shared): Settling {
  const [insertAttempt, insertMissed] = [db.prepare(INSERT_ATTEMPT), db.prepare(INSERT_MISSED)]
  const [deleteDelivery, giveUp] = [db.prepare(DELETE_DELIVERY), db.prepare(GIVE_UP)]
  const [moveDelivery, restartDelivery] = [db.prepare(MOVE_DELIVERY), db.prepare(BEGIN_ANEW)]
  const beginRow = db.prepare(INSERT_RUN)

  const blocks = db.prepare(BLOCKS)

  /**
   * The message whose turn it is in the order after a delivery that has come to its end; null where no message waits
   * for that.
   */
  function nextInOrder({ delivery: { listenerId, sequence }, next }: Settlement, now: number): number | null {
    if (!orders.knows(listenerId)) return null
    if (next.state === 'acknowledged' || blocks.get(listenerId) === undefined) {
      return orders.leave(listenerId, sequence, now)
    }
    orders.block(listenerId, sequence)
    return null
  }

  function move(it: Settlement, now: number): Moved {
    const { delivery, attempt, next } = it
    const { listenerId, dueAt, sequence, attemptsBefore } = delivery
    if (next.state === 'acknowledged') {
      return deleteDelivery.run(listenerId, dueAt, sequence).changes === 1 ? 'as judged' : 'gone'
    }
    const firstSentAt = delivery.firstSentAt ?? attempt.startedAt
    const { number } = attempt
    if (next.state === 'pending' && next.anew) {
      const { changes } = restartDelivery.run(next.dueAt, number, number, firstSentAt, listenerId, dueAt, sequence)
      return changes === 1 ? 'as judged' : 'gone'
    }
    const { changes } =
      next.state === 'missed'
        ? giveUp.run(listenerId, dueAt, sequence, attemptsBefore)
        : moveDelivery.run(next.dueAt, number, firstSentAt, listenerId, dueAt, sequence, attemptsBefore)
    if (changes === 1) return 'as judged'
    const anew = restartDelivery.run(now, number, number, firstSentAt, listenerId, dueAt, sequence)
    return anew.changes === 1 ? 'anew' : 'gone'
  }

  /** No other call has seen it, so that nothing can have become of it meanwhile. */
  function moveRowless({ delivery: { listenerId, sequence, firstSentAt }, attempt, next }: Settlement): void {
    if (next.state !== 'pending') return
    const before = next.anew ? attempt.number : 0
    beginRow.run(listenerId, next.dueAt, sequence, attempt.number, before, firstSentAt ?? attempt.startedAt, 1)
  }

  function write(message: LeasedMessage, it: Settlement, now: number, changes: Changes): SettleResult {
    const moved = move(it, now)
    return moved === 'gone' ? 'lost' : writeAttempt(message, it, moved, { now, changes })
  }

  function writeAttempt(
    message: LeasedMessage,
    it: Settlement,
    moved: 'as judged' | 'anew',
    { now, changes: { counters, usage } }: Pick<By, 'now' | 'changes'>,
  ): SettleResult {
    const { delivery, attempt, next } = it
    const { listenerId, sequence } = delivery
    const { number, startedAt, durationMs, status, error, response } = attempt
    insertAttempt.run(sequence, listenerId, number, startedAt, durationMs, status, error, response)
    touched.mark(sequence)
    const endedAt = startedAt + durationMs
    const change = counters.of(listenerId)
    const ok = acknowledges(attempt)
    if (ok) change.lastSuccessAt = Math.max(change.lastSuccessAt ?? 0, endedAt)
    else change.lastFailureAt = Math.max(change.lastFailureAt ?? 0, endedAt)
    usage.published(message, listenerId, ok ? endedAt - message.deliverAt : null)
    if (moved === 'anew') return { nextDueAt: now }
    if (next.state === 'pending') return 'settled'
    change.pending -= 1
    if (next.state === 'acknowledged') change.acknowledged += 1
    if (next.state === 'missed') {
      change.missed += 1
      insertMissed.run(sequence, listenerId, endedAt, next.reason)
    }
    const nextDueAt = nextInOrder(it, now)
    return nextDueAt === null ? 'settled' : { nextDueAt }
  }

  return {
    write,
    settle(it, { node, now, transaction, changes }) {
      const { listenerId, sequence, lease } = it.delivery
      const held = leases.settle(node, listenerId, sequence, lease, transaction)
      if (held === null) return 'lost'
      if (!held.rowless) return write(held.message, it, now, changes)
      moveRowless(it)
      return writeAttempt(held.message, it, 'as judged', { now, changes })
    },
  }
}
