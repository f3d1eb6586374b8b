import type { Pushed } from '../../core/delivery/listener.ts'
import { TokenBucket } from '../../core/sharing/token-bucket.ts'
import type { Store } from '../../store/store.ts'
import { LivenessChecker } from '../liveness/liveness-checker.ts'
import { LivenessRegistry } from '../liveness/liveness-registry.ts'
import { type Moments, NO_MOMENTS } from '../notify/moments.ts'
import { ContentTypes } from './content-types.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import type { LaneDeps } from './lane.ts'
import { SharedTokens } from './shared-tokens.ts'

/** After the store could not be written. */
const RETRY_MS = 1_000
const GONE = 'the listener answered 410 Gone'

/** What carries deliveries, and what judges those that they go to. */
export interface Delivering {
  dispatcher: Dispatcher
  checker: LivenessChecker
  registry: LivenessRegistry
}

type Parts = Omit<LaneDeps, 'store' | 'registry' | 'contentTypes' | 'tokensFor' | 'suspect' | 'disable'> & {
  store: Pick<Store, 'deliveries' | 'discards' | 'expiries' | 'listeners' | 'liveness' | 'rates' | 'shared'>
  /** The token buckets of listeners; those of this process alone where it is left out. */
  tokensFor?: LaneDeps['tokensFor']
  /** Told what happens to listeners. */
  moments?: Moments
}

/** Nodes of a cluster share each listener's rate; a server alone counts by itself. */
function tokensBy({ store: { rates }, runtime }: Parts): LaneDeps['tokensFor'] {
  if (rates === null) return (_, limit) => new TokenBucket(limit, runtime.now())
  return (listenerId, limit) => new SharedTokens({ rates, runtime }, listenerId, limit)
}

/** Ties the lanes to the checks that judge their listeners. */
export function createDelivering(parts: Parts): Delivering {
  const { store, runtime, moments = NO_MOMENTS } = parts
  const registry = new LivenessRegistry(store.liveness, runtime, moments)
  const checker = new LivenessChecker({
    ...parts,
    registry,
    onChecked: (listenerId, state, isNew) => dispatcher.checked(listenerId, state, isNew),
  })
  const dispatcher = createDispatcher({
    ...parts,
    contentTypes: new ContentTypes(),
    registry,
    tokensFor: parts.tokensFor ?? tokensBy(parts),
    suspect: (listenerId) => checker.suspect(listenerId),
    disable,
  })
  /** Tries until the store takes it: until then the lane holds back, and no other node may send either. */
  async function disable({ id, notifyUrl }: Pick<Pushed, 'id' | 'notifyUrl'>): Promise<void> {
    try {
      const disabled = await store.listeners.disable({ id, notifyUrl, reason: GONE, now: runtime.now() })
      if (disabled !== null) return moments.disabled(disabled, GONE)
      // Where it is another by now, the lane has to know that one, which another node may not have told yet.
      const current = await store.listeners.find(id)
      if (current === null) return
      checker.listenerChanged(current)
      dispatcher.listenerChanged(current)
    } catch (error) {
      runtime.log.error({ err: error, listenerId: id }, 'a listener that is gone could not be disabled')
      await new Promise<void>((resolve) => runtime.after(RETRY_MS, resolve))
      await disable({ id, notifyUrl })
    }
  }

  return { dispatcher, checker, registry }
}
