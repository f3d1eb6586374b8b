import { addTally, emptyTally, type Tally, type UnaccountedPair } from '../core/delivery/ledger.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import type { LedgerListener, LedgerQueue } from '../store/ledger.ts'
import type { AppDeps } from './deps.ts'
import { onlyVisible } from './tenant/visibility.ts'

/** A queue's ledger: the sum, and those of its listeners. */
export interface QueueLedger extends LedgerQueue {
  tally: Tally
}

export interface LedgerReading {
  tally: Tally
  queues: QueueLedger[]
  unaccounted: UnaccountedPair[]
}

/** The ledger of what the key may see, of messages that were accepted from `since` until `until`, which is not included. */
export async function readLedger(
  { store, runtime }: Pick<AppDeps, 'store' | 'runtime'>,
  ask: { principal: Principal; since: number | null; until: number | null },
): Promise<LedgerReading> {
  const { principal, since, until } = ask
  const only = onlyVisible(principal, 'stats')
  const { organizationId } = principal
  const ledger = await store.ledger.read({ organizationId, only, since, until, now: runtime.now() })
  const queues = ledger.queues.map((queue) => ({ ...queue, tally: sumOf(queue.listeners) }))
  return { tally: sumOf(queues), queues, unaccounted: ledger.unaccounted }
}

function sumOf(parts: readonly Pick<LedgerListener, 'tally'>[]): Tally {
  const sum = emptyTally()
  for (const { tally } of parts) addTally(sum, tally)
  return sum
}
