import type { Attempt } from '../../core/delivery/attempt.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { AttemptFilter } from '../../core/search/attempt-filter.ts'

/** What a listing of a listener's deliveries tells of a message. */
export type ListedMessage = Pick<Message, 'id' | 'name' | 'key' | 'createdAt' | 'deliverAt' | 'sequence'>

/** An attempt at a listener, and the message that it was to deliver. */
export interface ListenerAttempt {
  message: Pick<Message, 'id' | 'name' | 'sequence'>
  attempt: Attempt
}

/** Where an attempt stands among those of a listener that lie in an index. */
export interface RetriedPosition {
  startedAt: number
  sequence: number
  number: number
}

/** One message for one listener. */
export interface ListenerDelivery {
  message: ListedMessage
  /** The last one that was made and is told. */
  lastAttempt: Attempt | null
}

export interface PendingDelivery extends ListenerDelivery {
  /** Null where it waits for its turn in an order. */
  dueAt: number | null
  attempts: number
  attemptsBefore: number
  /** When a client pulled it, which has its lease until `dueAt`; else null. */
  pulledAt: number | null
  /** What it waits behind in an order; `isMissed`: that was missed, and blocks. */
  behind: { messageId: string; isMissed: boolean } | null
  /** The order that it waits in; null where it does not. */
  heldKey: string | null
}

export interface MissedDelivery extends ListenerDelivery {
  missedAt: number
  reason: string
}

/** Where a listing of what is pending goes on: what has a due time comes first, then what is held in an order. */
export type PendingPosition = { dueAt: number; sequence: number } | { key: string; sequence: number }

interface OfListener {
  organizationId: string
  queueId: string
  listenerId: string
}

/**
 * What was done for a listener and what is to be. Attempts that were acknowledged at once lie under their messages alone:
 * an index of them would cost every message a write. All others, failed ones and repeated ones, lie in an index by time.
 */
export interface ListenerDeliveryStore {
  /**
   * Attempts that failed, or were not the first of their message: latest begin first, below the place `before`. Looks at up
   * to `examine` of them; `next` is where to go on, null where none is left.
   */
  attempts(
    ask: OfListener & { filter: AttemptFilter; before: RetriedPosition; limit: number; examine: number },
  ): Promise<{ entries: ListenerAttempt[]; next: RetriedPosition | null }>
  /**
   * First attempts that were acknowledged: newest message first, with ids below `before` and at least `from`. Looks at up to
   * `examine` messages; `next` is where to go on, null where none is left.
   */
  firstAttempts(
    ask: OfListener & { filter: AttemptFilter; from: string; before: string; limit: number; examine: number },
  ): Promise<{ entries: ListenerAttempt[]; next: string | null }>
  /** Those due first come first, then those that wait in an order, by key and in the order of acceptance. */
  pending(ask: OfListener & { after: PendingPosition | null; limit: number }): Promise<PendingDelivery[]>
  /** Newest message first, below the sequence `before`. */
  missed(ask: OfListener & { before: number; limit: number }): Promise<MissedDelivery[]>
  /**
   * Delivered ones, newest message first, with ids below `before`. Looks at up to `examine` messages; `next` is where to go
   * on, null where none is left.
   */
  delivered(
    ask: OfListener & { before: string; limit: number; examine: number },
  ): Promise<{ entries: ListenerDelivery[]; next: string | null }>
}
