import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import type { DiscardedAs } from '../../core/message/expiry.ts'
import type { CounterChanges } from '../commit/listener-counters.ts'
import type { Orders } from '../deliveries/orders.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import type { TouchedBlocks } from '../ledger/touched-blocks.ts'
import type { Pending } from './delivery-summaries.ts'
import { createDiscards, type DiscardReason } from './discards.ts'
import type { MessageMarks } from './message-marks.ts'

const DELETE_PENDING = `delete from deliveries where listener_id = ? and due_at = ? and sequence = ?`
const DELETE_ATTEMPTS = `delete from attempts where sequence = ?`
const MISSED = `select listener_id as listenerId from missed where sequence = ?`
const DELETE_MISSED = `delete from missed where sequence = ?`
const DISCARDED = `select listener_id as listenerId, reason from delivery_discards where sequence = ?`
const DELETE_DISCARDED = `delete from delivery_discards where sequence = ?`
const DELETE_PLACES = `delete from order_places where sequence = ?`
const PLACES = `select listener_id as listenerId from order_places where sequence = ?`
const DELETE_MESSAGE = `delete from messages where sequence = ?`

/** What an erasure does beside the message's own rows. */
export interface ErasureEffects {
  now: number
  reason: DiscardReason
  /** Changes of listeners' counters are added here. */
  changes: CounterChanges
}

export interface ErasureParts {
  recipientSets: RecipientSets
  marks: MessageMarks
  orders: Orders
  touched: TouchedBlocks
}

/**
 * Takes a message out of every table, within a transaction. Answers with the listeners for which another message has
 * its turn now.
 */
export function createMessageErasure(db: DatabaseSync, { recipientSets, marks, orders, touched }: ErasureParts) {
  const [removePending, removeAttempts] = [db.prepare(DELETE_PENDING), db.prepare(DELETE_ATTEMPTS)]
  const [removeMissed, removeMessage] = [db.prepare(DELETE_MISSED), db.prepare(DELETE_MESSAGE)]
  const [missed, discarded, removeDiscarded] = [db.prepare(MISSED), db.prepare(DISCARDED), db.prepare(DELETE_DISCARDED)]
  const discards = createDiscards(db, recipientSets)
  const [places, removePlaces] = [db.prepare(PLACES), db.prepare(DELETE_PLACES)]

  function leaveOrders(sequence: number, now: number): string[] {
    const freed: string[] = []
    for (const { listenerId } of places.all(sequence) as { listenerId: string }[]) {
      if (orders.leave(listenerId, sequence, now) !== null) freed.push(listenerId)
    }
    removePlaces.run(sequence)
    return freed
  }

  return (
    { sequence, queueId, id }: Pick<Message, 'sequence' | 'queueId' | 'id'>,
    pending: readonly Pending[],
    { now, reason, changes }: ErasureEffects,
  ): string[] => {
    const gaveUp = missed.all(sequence) as { listenerId: string }[]
    const undelivered = new Set([...pending, ...gaveUp].map(({ listenerId }) => listenerId))
    const ended = discarded.all(sequence) as { listenerId: string; reason: DiscardedAs }[]
    const endedAs = (as: DiscardedAs) => ended.filter((it) => it.reason === as).map(({ listenerId }) => listenerId)
    const ends = { expired: endedAs('expired'), discarded: endedAs('discarded') }
    discards.note({ sequence, reason, now, undelivered, ...ends })
    if (ended.length > 0) removeDiscarded.run(sequence)
    for (const { listenerId, dueAt } of pending) {
      if (dueAt !== null) removePending.run(listenerId, dueAt, sequence)
      changes.of(listenerId).pending -= 1
    }
    for (const { listenerId } of gaveUp) changes.of(listenerId).missed -= 1
    removeMissed.run(sequence)
    const freed = leaveOrders(sequence, now)
    removeAttempts.run(sequence)
    removeMessage.run(sequence)
    marks.removed(queueId, id)
    touched.mark(sequence)
    return freed
  }
}
