import type { DatabaseSync } from 'node:sqlite'
import type { Batch, BatchResult } from '../../store/commit/batch.ts'
import { UsageChanges } from '../../store/commit/usage-changes.ts'
import type { Transact } from '../transaction.ts'
import { type Accepted, createAccepting, type Transaction } from './accepts.ts'
import type { LeaseSettling } from './lease-settlements.ts'
import { CounterChanges, createListenerCounters } from './listener-counters.ts'
import type { Shared } from './parts.ts'
import type { Settling } from './settlements.ts'

const USE_KEY = `
  update api_keys set last_used_at = ? where id = ? and (last_used_at is null or last_used_at < ?)`

/** What one transaction has written, to be told once it is on disk. */
interface Written extends Omit<BatchResult, 'accepts'> {
  accepted: Accepted[]
  counted: () => void
}

/** Makes the one transaction of the hot path. */
export function createCommit(
  db: DatabaseSync,
  transact: Transact,
  { shared, settling, leaseSettling }: { shared: Shared; settling: Settling; leaseSettling: LeaseSettling },
): (batch: Batch) => BatchResult {
  const { recipientSets, rowless, leases, marks, orders, quotas, usage } = shared
  const useKey = db.prepare(USE_KEY)
  const counters = createListenerCounters(db)
  const accepting = createAccepting(db, shared)
  /** Numbers the transactions, those that fail too. */
  let transaction = 0

  function write(batch: Batch): Written {
    const changes = { counters: new CounterChanges(), usage: new UsageChanges() }
    const quota = quotas.begin()
    const seen: Transaction['seen'] = new Map()
    const accepted = batch.accepts.map((it) => accepting.accept(it, { seen, changes, quota }))
    quota?.write()
    orders.write()
    const by = { node: batch.node, now: batch.now, transaction, changes }
    const settlements = batch.settlements.map((it) => settling.settle(it, by))
    const leaseSettlements = (batch.leaseSettlements ?? []).map((it) => leaseSettling.settle(it, batch.now, changes))
    if (batch.accepts.length > 0) rowless.write(transaction)
    for (const [listenerId, change] of changes.counters.entries()) counters.add(listenerId, change)
    const counted = usage.write(changes.usage, batch.now)
    for (const { apiKeyId, at } of batch.keyUses) useKey.run(at, apiKeyId, at)
    return { accepted, settlements, leaseSettlements, counted }
  }

  function written(batch: Batch): Written {
    try {
      return transact(() => write(batch))
    } catch (error) {
      marks.forget()
      recipientSets.forget()
      orders.forget()
      rowless.forget()
      throw error
    }
  }

  // Leases are in memory and know no rollback: they change only once the transaction is on disk.
  return (batch) => {
    transaction += 1
    const { accepted, settlements, leaseSettlements, counted } = written(batch)
    accepting.committed()
    orders.committed()
    rowless.committed()
    counted()
    for (const { delivery } of batch.settlements) {
      leases.dropSettled(delivery.listenerId, delivery.sequence, transaction)
    }
    return {
      accepts: batch.accepts.map((it, index) => accepting.lease(it, accepted[index]!, batch.node)),
      settlements,
      leaseSettlements,
    }
  }
}
