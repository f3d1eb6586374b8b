import type { DatabaseSync } from 'node:sqlite'
import type { DiscardedAs } from '../../core/message/expiry.ts'
import type { LeaseReference } from '../../store/deliveries.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import type { Shared } from '../commit/parts.ts'
import type { ChangeLog, Transact } from '../transaction.ts'
import { createDiscardWaiting, type WaitingDelivery } from './delivery-discards.ts'

/** What one transaction ends, to be told and done once it is on disk. */
export interface Ending {
  now: number
  changes: CounterChanges
  ended: Pick<WaitingDelivery, 'listenerId' | 'sequence'>[]
  /** Listeners of which another message has its turn now. */
  freed: Set<string>
}

/** Ends deliveries that wait, each for the same reason, and sees to all that follows from it. */
export function createWaitingEnds(
  db: DatabaseSync,
  transact: Transact,
  { reason, shared }: { reason: DiscardedAs; shared: Shared & { changes: ChangeLog } },
) {
  const { leases, rowless, orders, changes: log } = shared
  const counters = createListenerCounters(db)
  const discard = createDiscardWaiting(db, shared, reason)

  return {
    end(waiting: WaitingDelivery, ending: Ending): void {
      const { listenerId, sequence } = waiting
      ending.ended.push({ listenerId, sequence })
      if (discard(waiting, ending) !== null) ending.freed.add(listenerId)
    },
    /** What was missed and blocks does so no more: the messages behind it go on. */
    unblock(listenerId: string, sequence: number, { now, freed }: Ending): void {
      if (!orders.blocks(listenerId, sequence)) return
      if (orders.leave(listenerId, sequence, now) !== null) freed.add(listenerId)
    },
    /** Runs a transaction that ends deliveries, and writes and tells what it sums up; leases know no rollback. */
    ending<Result>(now: number, work: (ending: Ending) => Result): Result {
      const ending: Ending = { now, changes: new CounterChanges(), ended: [], freed: new Set() }
      const result = transact(() => {
        const of = work(ending)
        for (const [listenerId, change] of ending.changes.entries()) counters.add(listenerId, change)
        const listenerIds = [...ending.freed]
        if (listenerIds.length > 0) log.note({ kind: 'deliveries_due', listenerIds, dueAt: now })
        return of
      })
      for (const { listenerId, sequence } of ending.ended) leases.drop(listenerId, sequence)
      return result
    },
    /** Gives up leases, whatever became of their deliveries. */
    giveUp(node: string, given: readonly LeaseReference[]): void {
      // What is given back is found by its row, which it may not have yet.
      if (given.some(({ listenerId, sequence }) => leases.isRowless(listenerId, sequence))) rowless.writeAll()
      for (const reference of given) leases.handBack(node, reference)
    },
  }
}
