import type { Runtime } from '../../runtime.ts'
import type { StoreChange } from '../../store/cluster/changes.ts'
import type { Store } from '../../store/store.ts'
import type { DeliverySignals } from '../deps.ts'
import type { LockOut } from '../limits/lock-out.ts'
import type { KeyRing } from './api-key-cache.ts'
import type { QueueDirectory } from './queue-directory.ts'

interface Deps {
  store: Pick<Store, 'listeners' | 'follow'>
  keyRing: Pick<KeyRing, 'forget' | 'forgetOrganization' | 'forgetAll'>
  directory: Pick<QueueDirectory, 'forget' | 'forgetAll'>
  signals: DeliverySignals
  lockOut: Pick<LockOut, 'failed'>
  runtime: Pick<Runtime, 'log'>
}

type Act = { [Kind in StoreChange['kind']]: (change: Extract<StoreChange, { kind: Kind }>) => void }

/** Acts on what other nodes have changed as if it had been changed here: forgets what is old, tells who delivers. */
export function followChanges({ store, keyRing, directory, signals, lockOut, runtime }: Deps): void {
  function reread(listenerId: string): void {
    store.listeners.find(listenerId).then(
      (listener) => listener !== null && signals.listenerChanged(listener),
      // Its lane goes on as before until the next message tells, or the next sweep.
      (error: unknown) => runtime.log.warn({ err: error, listenerId }, 'a listener that has changed could not be read'),
    )
  }

  const acts: Act = {
    everything() {
      keyRing.forgetAll()
      directory.forgetAll()
      signals.livenessUncertain()
    },
    api_key: ({ digest }) => keyRing.forget(digest),
    organization: ({ organizationId }) => keyRing.forgetOrganization(organizationId),
    queue: ({ organizationId, queueId }) => directory.forget(organizationId, queueId),
    listener: ({ listenerId }) => reread(listenerId),
    listeners_gone: ({ listenerIds }) => signals.queueGone(listenerIds),
    listeners_paused: ({ listenerIds }) => signals.queuePaused(listenerIds),
    listeners_resumed: ({ listenerIds }) => signals.queueResumed(listenerIds),
    liveness: ({ listenerIds, state }) => signals.livenessTold(listenerIds, state),
    message_gone: ({ messageId, listenerIds }) => signals.messageGone(messageId, listenerIds),
    key_rejected: ({ source }) => lockOut.failed(source),
    waiting: ({ listenerIds }) => signals.queueResumed(listenerIds),
  }
  store.follow((change) => (acts[change.kind] as (it: StoreChange) => void)(change))
}
