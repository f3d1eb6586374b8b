import type { Listener } from '../../core/delivery/listener.ts'
import type { LivenessState } from '../../core/delivery/liveness.ts'
import type { Runtime } from '../../runtime.ts'
import type { HeardChange } from '../../store/cluster/changes.ts'
import type { Store } from '../../store/store.ts'
import type { LockOut } from '../limits/lock-out.ts'
import type { KeyRing } from './api-key-cache.ts'
import type { QueueDirectory } from './queue-directory.ts'

/** The engine's parts that act on what has changed. Times are epoch ms. */
export interface EngineFollowers {
  /** Requests that ask listeners whether they live. */
  checks: {
    listenerAdded(listener: Listener): void
    listenerChanged(listener: Listener): void
    listenerGone(listenerId: string): void
    /** Another node has found it in this state. */
    told(listenerId: string, state: LivenessState): void
    /** What other nodes have found may not have been heard. */
    newsMissed(): void
  }
  /** Deliveries that are sent. */
  lanes: {
    listenerChanged(listener: Listener): void
    listenerGone(listenerId: string): void
    /** Nothing is sent to it until it is resumed; what is on the wire may finish. */
    pause(listenerId: string): void
    resume(listenerId: string): void
    messageGone(listenerId: string, messageId: string): void
    /** Some of what is not on the wire yet may be discarded. */
    discarded(listenerId: string): void
    /** Something waits for it in the store, due at this time. */
    due(listenerId: string, dueAt: number): void
    /** Any of their listeners may have changed, or be gone. */
    newsMissed(): void
  }
  /** Clients that wait for messages to pull. */
  pulls: {
    /** Those that wait for this listener may wait in vain. */
    changed(listenerId: string): void
    due(listenerId: string, dueAt: number): void
  }
  /** Removes what is left of deleted things. */
  remover: { wake(): void }
  redeliverer: { wake(): void }
  discarder: { wake(): void }
  scheduler: { dueAt(time: number): void }
}

/** Everything in a process that is told of changes. */
export interface Followers extends EngineFollowers {
  keyRing: Pick<KeyRing, 'forget' | 'forgetOrganization' | 'forgetAll'>
  directory: Pick<QueueDirectory, 'forget' | 'forgetAll'>
  lockOut: Pick<LockOut, 'failed'>
}

/** A change with all that is to be known of it: a listener that another process has changed was read. */
type Known =
  | Exclude<HeardChange, { listener: unknown }>
  | { kind: 'listener_added'; listener: Listener }
  | { kind: 'listener'; listener: Listener }
type Act<Kind extends Known['kind']> = (change: Extract<Known, { kind: Kind }>) => void
type Table = { [Kind in Known['kind']]: readonly Act<Kind>[] }

/** Over already, whatever a clock says. */
const NOW = Number.NEGATIVE_INFINITY

/** What has changed → who is told, in this order. */
function tableOf({
  keyRing,
  directory,
  lockOut,
  checks,
  lanes,
  pulls,
  remover,
  redeliverer,
  discarder,
  scheduler,
}: Followers): Table {
  return {
    everything: [
      () => keyRing.forgetAll(),
      () => directory.forgetAll(),
      () => lanes.newsMissed(),
      () => checks.newsMissed(),
    ],
    api_key: [({ digest }) => keyRing.forget(digest)],
    organization: [({ organizationId }) => keyRing.forgetOrganization(organizationId)],
    queue: [({ organizationId, queueId }) => directory.forget(organizationId, queueId)],
    // Nothing waits for it yet.
    listener_added: [({ listener }) => checks.listenerAdded(listener)],
    listener: [
      ({ listener }) => checks.listenerChanged(listener),
      ({ listener }) => lanes.listenerChanged(listener),
      ({ listener }) => pulls.changed(listener.id),
      // It may not want to be blocked any more.
      () => redeliverer.wake(),
    ],
    listeners_gone: [
      each((id) => checks.listenerGone(id)),
      each((id) => lanes.listenerGone(id)),
      each((id) => pulls.changed(id)),
      () => remover.wake(),
    ],
    listeners_paused: [each((id) => lanes.pause(id))],
    listeners_resumed: [each((id) => lanes.resume(id)), each((id) => pulls.due(id, NOW))],
    message_gone: [
      each((id, { messageId }) => lanes.messageGone(id, messageId)),
      // In an order the next one's turn may have come.
      each((id) => pulls.due(id, NOW)),
    ],
    deliveries_due: [each((id, { dueAt }) => lanes.due(id, dueAt)), each((id, { dueAt }) => pulls.due(id, dueAt))],
    schedule_due: [({ dueAt }) => scheduler.dueAt(dueAt)],
    schedule_gone: [() => remover.wake()],
    redelivery: [() => redeliverer.wake()],
    discard: [each((id) => lanes.discarded(id)), () => discarder.wake()],
    liveness: [each((id, { state }) => checks.told(id, state))],
    key_rejected: [({ source }) => lockOut.failed(source)],
  }
}

function each<Change extends { listenerIds: readonly string[] }>(act: (listenerId: string, change: Change) => void) {
  return (change: Change) => {
    for (const listenerId of change.listenerIds) act(listenerId, change)
  }
}

/**
 * Tells caches and engine of every change in the store, whichever process made it, until the answer is called. One that
 * fails keeps neither the next from being told nor the write from being answered.
 */
export function followChanges(
  { store, runtime }: { store: Pick<Store, 'listeners' | 'follow'>; runtime: Pick<Runtime, 'log'> },
  followers: Followers,
): () => void {
  const table = tableOf(followers)

  function tell(change: Known): void {
    // Another node may be newer, and know of more.
    for (const act of (table[change.kind] ?? []) as readonly ((change: Known) => void)[]) {
      try {
        act(change)
      } catch (error) {
        runtime.log.error({ err: error, change: change.kind }, 'a change was not acted on')
      }
    }
  }

  function reread(kind: 'listener_added' | 'listener', listenerId: string): void {
    store.listeners.find(listenerId).then(
      (listener) => {
        // One that is gone by now is told of as well.
        if (listener !== null) tell({ kind, listener })
      },
      // Its lane goes on as before until the next message tells, or the next sweep.
      (error: unknown) => runtime.log.warn({ err: error, listenerId }, 'a listener that has changed could not be read'),
    )
  }

  return store.follow((change) => {
    if (!('listener' in change)) tell(change)
    else if (change.listener === null) reread(change.kind, change.listenerId)
    else tell({ kind: change.kind, listener: change.listener })
  })
}
