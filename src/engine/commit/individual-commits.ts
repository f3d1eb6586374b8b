import type { Runtime } from '../../runtime.ts'
import { problemOfStore, type Store, StoreUnavailable } from '../../store/store.ts'
import type { PendingAccept, PendingSettlement } from './pending-accepts.ts'
import type { PendingLeaseSettlement } from './pending-lease-settlements.ts'

/** What callers wait for, of one commit. */
export interface PendingBatch {
  accepts: PendingAccept[]
  settlements: PendingSettlement[]
  leaseSettlements: PendingLeaseSettlement[]
}

/**
 * The way out when a batch fails for another reason than the store being away: one write that cannot be stored must not
 * take the rest along. The caller of the faulty one gets the error, every other caller a result. Gives back the
 * settlements that must be tried again, because the store went away meanwhile.
 */
export async function commitIndividually(
  { store, node, runtime }: { store: Pick<Store, 'commit'>; node: string; runtime: Pick<Runtime, 'now'> },
  batch: PendingBatch,
): Promise<PendingSettlement[]> {
  const empty = { node, now: runtime.now(), accepts: [], settlements: [], keyUses: [] }
  for (const it of batch.accepts) {
    try {
      it.resolve((await store.commit({ ...empty, accepts: [it.write] })).accepts[0]!)
    } catch (error) {
      it.reject(toldToClient(error))
    }
  }
  for (const it of batch.leaseSettlements) {
    try {
      it.resolve((await store.commit({ ...empty, leaseSettlements: [it.write] })).leaseSettlements[0]!)
    } catch (error) {
      it.reject(toldToClient(error))
    }
  }
  const unwritten: PendingSettlement[] = []
  for (const it of batch.settlements) {
    try {
      it.resolve((await store.commit({ ...empty, settlements: [it.write] })).settlements[0]!)
    } catch (error) {
      if (error instanceof StoreUnavailable) unwritten.push(it)
      else it.reject(error)
    }
  }
  return unwritten
}

function toldToClient(error: unknown): unknown {
  return error instanceof StoreUnavailable ? problemOfStore(error) : error
}
