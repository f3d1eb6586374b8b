import type { DatabaseSync } from 'node:sqlite'
import { type AttemptError, acknowledges } from '../../core/delivery/attempt.ts'
import { type DiscardedAs, endOf } from '../../core/message/expiry.ts'
import type { CounterChanges } from '../commit/listener-counters.ts'
import type { TouchedBlocks } from '../ledger/touched-blocks.ts'
import type { Orders } from './orders.ts'

const DELETE = `delete from deliveries where listener_id = ? and due_at = ? and sequence = ?`

const LAST_ATTEMPT = `
  select status, error from attempts where sequence = ? and listener_id = ? order by number desc limit 1`

const INSERT = `insert or ignore into delivery_discards (sequence, listener_id, at, reason) values (?, ?, ?, ?)`

/** A delivery that waits; `dueAt` is null where it does for its turn in an order. */
export interface WaitingDelivery {
  listenerId: string
  sequence: number
  dueAt: number | null
}

/** When, and the sums that it changes. */
interface Effects {
  now: number
  changes: CounterChanges
}

/**
 * Ends a delivery that waits, for this reason and within a transaction. Answers with when the message that has its turn now
 * is due; null where none waited for that.
 */
export type DiscardWaiting = (waiting: WaitingDelivery, effects: Effects) => number | null

export function createDiscardWaiting(
  db: DatabaseSync,
  { orders, touched }: { orders: Orders; touched: TouchedBlocks },
  reason: DiscardedAs,
): DiscardWaiting {
  const [remove, insert, lastAttempt] = [db.prepare(DELETE), db.prepare(INSERT), db.prepare(LAST_ATTEMPT)]

  function isAcknowledged(listenerId: string, sequence: number): boolean {
    const last = lastAttempt.get(sequence, listenerId) as
      | { status: number | null; error: AttemptError | null }
      | undefined
    return last !== undefined && acknowledges(last)
  }

  return ({ listenerId, sequence, dueAt }, { now, changes }) => {
    if (dueAt !== null) remove.run(listenerId, dueAt, sequence)
    const end = endOf(reason, { isAcknowledged: isAcknowledged(listenerId, sequence) })
    if (end !== 'delivered') insert.run(sequence, listenerId, now, end)
    changes.of(listenerId).pending -= 1
    touched.mark(sequence)
    return orders.knows(listenerId) ? orders.leave(listenerId, sequence, now) : null
  }
}
