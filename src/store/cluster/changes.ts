import type { Listener } from '../../core/delivery/listener.ts'
import type { LivenessState } from '../../core/delivery/liveness.ts'

/**
 * What a transaction has changed of that which caches and the engine keep in memory. The process that wrote it is told
 * after the commit and before the write's promise resolves, other processes soon after; never before it can be read.
 */
export type StoreChange =
  | { kind: 'api_key'; digest: string }
  /** The organization or one of its keys. */
  | { kind: 'organization'; organizationId: string }
  /** The queue, its schema, or one of its listeners. */
  | { kind: 'queue'; organizationId: string; queueId: string }
  /**
   * One with a `livenessUrl` was made. `listener` is null, here and below, where another process did it: secrets stay in
   * the database.
   */
  | { kind: 'listener_added'; listenerId: string; listener: Listener | null }
  | { kind: 'listener'; listenerId: string; listener: Listener | null }
  /** With a queue or an organization all of its listeners, or none; what is left of them can be removed. */
  | { kind: 'listeners_gone'; listenerIds: readonly string[] }
  | { kind: 'listeners_paused'; listenerIds: readonly string[] }
  | { kind: 'listeners_resumed'; listenerIds: readonly string[] }
  | { kind: 'message_gone'; messageId: string; listenerIds: readonly string[] }
  /** Deliveries to these listeners wait in the store and are due at this time (epoch ms), which may be long over. */
  | { kind: 'deliveries_due'; listenerIds: readonly string[]; dueAt: number }
  /** A schedule comes to a due time (epoch ms) that it did not come to before. */
  | { kind: 'schedule_due'; dueAt: number }
  /** What is left of it can be removed. */
  | { kind: 'schedule_gone'; scheduleId: string }
  /** A redelivery of many messages has begun. */
  | { kind: 'redelivery'; listenerId: string }
  /** A discard of many messages has begun, or means deliveries to these listeners that a node may hold and not have sent. */
  | { kind: 'discard'; listenerIds: readonly string[] }

/** What a node tells the other nodes, and knows already by itself. */
export type NodeNews =
  /** It has found these listeners in this state. */
  | { kind: 'liveness'; state: LivenessState; listenerIds: readonly string[] }
  /** It has rejected a key from there; see the lock-out. */
  | { kind: 'key_rejected'; source: string }

/** What a process hears; changes that another process has made may come twice. */
export type HeardChange =
  | StoreChange
  | NodeNews
  /** Anything may have changed: for a while this process could not be told. */
  | { kind: 'everything' }

/** Those in this process that are told of changes. */
export class ChangeFollowers {
  readonly #all = new Set<(change: HeardChange) => void>()

  /** Has `heard` called with each change from now on, until the answer is called. */
  follow(heard: (change: HeardChange) => void): () => void {
    this.#all.add(heard)
    return () => void this.#all.delete(heard)
  }

  tell(change: HeardChange): void {
    for (const heard of this.#all) heard(change)
  }
}
