import type { Principal } from '../core/api-key.ts'
import { addTally, emptyTally, type Tally, type UnaccountedPair } from '../core/ledger.ts'
import type { LedgerListener, LedgerQueue } from '../store/ledger.ts'
import type { AppDeps } from './deps.ts'
import { onlyVisible } from './visibility.ts'

/** A queue's books: the sum, and those of its listeners. */
export interface QueueBooks extends LedgerQueue {
  tally: Tally
}

export interface Books {
  tally: Tally
  queues: QueueBooks[]
  unaccounted: UnaccountedPair[]
}

/** The books of what the key may see, of messages that were accepted from `since` until `until`, which is not included. */
export async function readBooks(
  { store, runtime }: Pick<AppDeps, 'store' | 'runtime'>,
  ask: { principal: Principal; since: number | null; until: number | null },
): Promise<Books> {
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
