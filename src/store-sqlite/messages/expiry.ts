import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import type { RemovalStore } from '../../store/removals.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { RowlessDeliveries } from '../deliveries/rowless.ts'
import { createLedgerSweep } from '../ledger/ledger-sweep.ts'
import type { Transact } from '../transaction.ts'
import { createDeliverySummaries } from './delivery-summaries.ts'
import { createMessageErasure, type ErasureParts } from './message-erasure.ts'
import { MESSAGE_COLUMNS } from './messages.ts'

/** In the order of acceptance, which is that of time. The data is left where it is: it may be large. */
const NEXT = `
  select ${MESSAGE_COLUMNS.replace('data,', "'' as data,")} from messages where sequence > ? order by sequence limit ?`

const LAST_ATTEMPT = `select max(started_at) as at from attempts where sequence = ?`

const MISSED = `select listener_id as listenerId from missed where sequence = ?`

export type ExpiryParts = ErasureParts & { rowless: RowlessDeliveries; leases: Leases }

/** Removes messages that are done with and old, a few at a time. */
export function createExpiry(db: DatabaseSync, transact: Transact, parts: ExpiryParts): RemovalStore['expire'] {
  const [next, lastAttempt, missed] = [db.prepare(NEXT), db.prepare(LAST_ATTEMPT), db.prepare(MISSED)]
  const summaries = createDeliverySummaries(db, parts)
  const counters = createListenerCounters(db)
  const forget = createLedgerSweep(db, parts)
  const erase = createMessageErasure(db, parts)

  /** A message that was scheduled or retried is kept as long after that as any other is after its acceptance. */
  function isOver(message: Message, before: number): boolean {
    if (message.createdAt >= before || message.deliverAt >= before) return false
    if (summaries.pendingOf(message).length > 0 || isWaitedFor(message)) return false
    const { at } = lastAttempt.get(message.sequence) as { at: number | null }
    return at === null || at < before
  }

  /**
   * Whether the message was missed by a listener that blocks then: it waits until a client redelivers or deletes it.
   */
  function isWaitedFor({ sequence }: Message): boolean {
    const listeners = missed.all(sequence) as { listenerId: string }[]
    return listeners.some(({ listenerId }) => parts.orders.blocks(listenerId, sequence))
  }

  function expire(messages: readonly Message[], before: number, now: number): number {
    const changes = new CounterChanges()
    const over = messages.filter((message) => isOver(message, before))
    for (const message of over) erase(message, [], { now, reason: 'retention', changes })
    for (const [listenerId, change] of changes.entries()) counters.add(listenerId, change)
    return over.length
  }

  return async ({ now, before, after, limit }) => {
    parts.rowless.findAgain()
    return transact(() => {
      forget({ before, limit })
      const messages = next.all(after, limit) as unknown as Message[]
      const removed = expire(messages, before, now)
      const last = messages.at(-1)
      if (last !== undefined && messages.length === limit && last.createdAt < before) {
        return { removed, after: last.sequence, done: false }
      }
      // What is too young today is the first to look at next time.
      const young = messages.find((message) => message.createdAt >= before)
      return { removed, after: young === undefined ? (last?.sequence ?? after) : young.sequence - 1, done: true }
    })
  }
}
