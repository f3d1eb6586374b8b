import type { Listener } from '../core/listener.ts'
import type { Message } from '../core/message.ts'
import type { Runtime } from '../runtime.ts'
import type { QueueRoute } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import type { KeyRing } from './key-ring.ts'
import type { QueueDirectory } from './queue-directory.ts'

/** The engine's side of accepting: resolves when the message is on disk. */
export interface Acceptor {
  /**
   * `stale`: the queue has changed since the route was read; read it again. Throws the problems `overloaded`,
   * `stopping` or `store_unavailable` where nothing was stored.
   */
  accept(message: Omit<Message, 'sequence'>, route: QueueRoute): Promise<'accepted' | 'stale'>
  /** Remembers that a key was used; written with some later commit. */
  useKey(apiKeyId: string, at: number): void
}

/** What use cases tell the part that delivers, so that it acts on a change at once. */
export interface Carrier {
  listenerChanged(listener: Listener): void
  listenerGone(listenerId: string): void
  messageGone(messageId: string, listenerIds: readonly string[]): void
}

/** What every use case may ask for. */
export interface AppDeps {
  store: Store
  runtime: Runtime
  acceptor: Acceptor
  carrier: Carrier
  directory: QueueDirectory
  keyRing: KeyRing
  /** How long events are kept. */
  eventRetentionMs: number
}
