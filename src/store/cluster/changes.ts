import type { LivenessState } from '../../core/delivery/liveness.ts'

/**
 * What has changed in the store, for the caches and the engine that keep some of it in memory. It may come late or
 * twice, and from this very process; it never comes before the change can be read.
 */
export type StoreChange =
  /** Anything may have changed: for a while nodes could not be told. */
  | { kind: 'everything' }
  | { kind: 'api_key'; digest: string }
  /** The organization or one of its keys. */
  | { kind: 'organization'; organizationId: string }
  /** The queue, its schema, or one of its listeners. */
  | { kind: 'queue'; organizationId: string; queueId: string }
  | { kind: 'listener'; listenerId: string }
  | { kind: 'listeners_gone'; listenerIds: readonly string[] }
  | { kind: 'listeners_paused'; listenerIds: readonly string[] }
  | { kind: 'listeners_resumed'; listenerIds: readonly string[] }
  /** Another node has found these listeners in this state. */
  | { kind: 'liveness'; state: LivenessState; listenerIds: readonly string[] }
  | { kind: 'message_gone'; messageId: string; listenerIds: readonly string[] }
  /** A key from there was rejected; see the lock-out. */
  | { kind: 'key_rejected'; source: string }
  /** Something waits for this listener, and the node that stored it may not be the one that delivers it. */
  | { kind: 'waiting'; listenerIds: readonly string[] }
