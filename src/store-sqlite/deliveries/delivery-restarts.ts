import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import type { CounterChanges } from '../commit/listener-counters.ts'
import type { TouchedBlocks } from '../ledger/touched-blocks.ts'
import { createBeginRun } from './delivery-rows.ts'
import type { Leases } from './leases.ts'
import type { Orders } from './orders.ts'

const UNMOVED = `
  select due_at as dueAt, pulled_at as pulledAt from deliveries
   where listener_id = ? and due_at = ? and sequence = ? and moved = 0`
const MOVED = `
  select due_at as dueAt, pulled_at as pulledAt from deliveries where sequence = ? and moved = 1 and listener_id = ?`

/**
 * The delivery keeps its time. A node or client that holds it goes on; what comes of that is judged by the new run, or finds
 * that there is one.
 */
const RENEW = `
  update deliveries set attempts_before = attempts where listener_id = ? and due_at = ? and sequence = ?`
const BRING_FORWARD = `
  update deliveries set due_at = ?, attempts_before = attempts, moved = 1
   where listener_id = ? and due_at = ? and sequence = ?`
const DELETE_MISSED = `delete from missed where sequence = ? and listener_id = ?`

/** Its time was over by a clock that went back since: it is looked for again. */
const DELETE_DISCARD = `delete from delivery_discards where sequence = ? and listener_id = ?`
const EXPECT_EXPIRY = `
  insert or ignore into message_expiries (organization_id, look_at, sequence)
  select organization_id, expires_at, sequence from messages where sequence = ? and expires_at is not null`

/** Which delivery is to be made again. */
interface Pair {
  message: Pick<Message, 'sequence' | 'deliverAt'>
  listenerId: string
}

/** `pulledAt`: when a client pulled it, which still holds it. */
interface Pending {
  dueAt: number
  pulledAt: number | null
}

/** How a delivery is begun anew; `immediately`: it becomes due where it is not. */
interface Restart {
  now: number
  immediately: boolean
  changes: CounterChanges
}

/** Begins a new run of a delivery, however it stands, within a transaction. */
export type RestartDelivery = (pair: Pair, restart: Restart) => void

export interface RestartParts {
  leases: Leases
  orders: Orders
  touched: TouchedBlocks
}

export function createDeliveryRestart(db: DatabaseSync, { leases, orders, touched }: RestartParts): RestartDelivery {
  const [unmoved, moved, deleteMissed] = [db.prepare(UNMOVED), db.prepare(MOVED), db.prepare(DELETE_MISSED)]
  const [deleteDiscard, expectExpiry] = [db.prepare(DELETE_DISCARD), db.prepare(EXPECT_EXPIRY)]
  const [renew, bringForward] = [db.prepare(RENEW), db.prepare(BRING_FORWARD)]
  const beginRun = createBeginRun(db)

  function pendingOf({ message: { sequence, deliverAt }, listenerId }: Pair): Pending | undefined {
    const row = unmoved.get(listenerId, deliverAt, sequence) ?? moved.get(sequence, listenerId)
    return row as unknown as Pending | undefined
  }

  function beginPending(pair: Pair, { dueAt, pulledAt }: Pending, { now, immediately }: Restart): void {
    const { listenerId } = pair
    const { sequence } = pair.message
    const isHeld = pulledAt !== null || leases.isLeased(listenerId, sequence, now)
    if (isHeld || (dueAt > now && !immediately)) renew.run(listenerId, dueAt, sequence)
    else bringForward.run(now, listenerId, dueAt, sequence)
  }

  return (pair, restart) => {
    const { now, changes } = restart
    const { message, listenerId } = pair
    touched.mark(message.sequence)
    expectExpiry.run(message.sequence)
    const pending = pendingOf(pair)
    if (pending !== undefined) return beginPending(pair, pending, restart)
    if (orders.isHeld(listenerId, message.sequence)) return
    if (deleteMissed.run(message.sequence, listenerId).changes === 1) changes.of(listenerId).missed -= 1
    deleteDiscard.run(message.sequence, listenerId)
    changes.of(listenerId).pending += 1
    if (orders.enter(listenerId, message.sequence) !== 'held') beginRun(listenerId, message.sequence, now)
  }
}
