import { AFTER_EVERY_ID } from '../../core/id.ts'
import { type HoldUp, type WaitReason, waitReasonOf } from '../../core/search/wait-reason.ts'
import type { ListenerDetails } from '../../store/listeners.ts'
import type {
  ListenerDelivery,
  MissedDelivery,
  PendingDelivery,
  PendingPosition,
} from '../../store/listing/listener-deliveries.ts'
import type { AppDeps } from '../deps.ts'
import { type ListenerAddress, readListener } from '../listeners.ts'
import type { Listing } from '../page.ts'
import { readRoute } from '../queues.ts'

type Deps = Pick<AppDeps, 'store' | 'recentLiveness' | 'holdUps' | 'runtime'>

/** A pending delivery, and what it waits for now. */
export interface WaitingDelivery extends PendingDelivery {
  waitsFor: WaitReason
}

/** What waits for a listener, and for what; those due first come first. Throws `queue_not_found` and `listener_not_found`. */
export async function listPending(
  deps: Deps,
  { limit, after, ...address }: ListenerAddress & { after: PendingPosition | null; limit: number },
): Promise<Listing<WaitingDelivery>> {
  const listener = await readListener(deps, address)
  const { organizationId, queueId, id: listenerId } = address
  const { queue } = await readRoute(deps, { organizationId, id: queueId })
  const ask = { organizationId, queueId, listenerId, after, limit: limit + 1 }
  const found = await deps.store.listenerDeliveries.pending(ask)
  const facts = { listener, isQueuePaused: queue.paused, holdUp: holdUpOf(deps, listener), now: deps.runtime.now() }
  const entries = found.slice(0, limit).map((delivery): WaitingDelivery => {
    const isPulled = delivery.pulledAt !== null
    return { ...delivery, waitsFor: waitReasonOf({ ...facts, delivery: { ...delivery, isPulled } }) }
  })
  return { entries, more: found.length > limit }
}

/** A listener is down for every node; the rest each node knows of its own lane. */
function holdUpOf({ holdUps }: Deps, { id, liveness }: ListenerDetails): HoldUp | null {
  return liveness.state === 'down' ? 'down' : holdUps.of(id)
}

/** What a listener missed, newest message first, below the sequence `before`. Throws `listener_not_found`. */
export async function listMissed(
  deps: Deps,
  { limit, before, ...address }: ListenerAddress & { before: number | null; limit: number },
): Promise<Listing<MissedDelivery>> {
  await readListener(deps, address)
  const { organizationId, queueId, id: listenerId } = address
  const ask = { organizationId, queueId, listenerId, before: before ?? Number.MAX_SAFE_INTEGER, limit: limit + 1 }
  const found = await deps.store.listenerDeliveries.missed(ask)
  return { entries: found.slice(0, limit), more: found.length > limit }
}

/** One call to the store is a few milliseconds' work, for which writes wait. */
const EXAMINED_AT_ONCE = 500
const MAX_CALLS = 20

/**
 * What was delivered to a listener, newest message first; looks at no more than ten thousand messages, and `next` is where
 * to go on, also where none was found. Throws `listener_not_found`.
 */
export async function listDelivered(
  deps: Deps,
  ask: ListenerAddress & { before: string | null; limit: number },
): Promise<{ entries: ListenerDelivery[]; next: string | null }> {
  await readListener(deps, ask)
  const { organizationId, queueId, id: listenerId, limit } = ask
  const entries: ListenerDelivery[] = []
  let before = ask.before ?? AFTER_EVERY_ID
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    const part = { before, limit: limit - entries.length, examine: EXAMINED_AT_ONCE }
    const found = await deps.store.listenerDeliveries.delivered({ organizationId, queueId, listenerId, ...part })
    entries.push(...found.entries)
    if (found.next === null) return { entries, next: null }
    before = found.next
    if (entries.length === limit) break
  }
  return { entries, next: before }
}
