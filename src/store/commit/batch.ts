import type { Attempt } from '../../core/delivery/attempt.ts'
import type { LeasedDelivery, Next } from '../../core/delivery/delivery.ts'
import type { Ordering } from '../../core/delivery/listener.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { LeftOut } from '../../core/listener-filter/left-out.ts'
import type { IdempotencyRecord } from '../idempotency-records.ts'
import type { QuotaReached } from '../organizations.ts'
import type { LeaseSettlement } from '../pulls.ts'
import type { ScheduleStep } from '../schedules.ts'

/** Messages to store, all of them or none. */
export interface Accept {
  /** The version of the queue that the listeners were read at. */
  queueVersion: number
  /** At least one; all of one queue. */
  messages: MessageAccept[]
  /** Stored together with the messages, so that a repeated request cannot store them twice. */
  answer: IdempotencyRecord | null
  /** What schedules these messages are made by, which take their steps with them. */
  steps?: readonly ScheduleStep[]
}

/** A message with one delivery for each listener that it fits. */
export interface MessageAccept {
  message: Omit<Message, 'sequence'>
  deliveries: NewDelivery[]
  /** Which of all listeners that the queue has in this version it does not fit, in the order of their ids; none where it is left out. */
  leftOut?: LeftOut
}

export interface NewDelivery {
  listenerId: string
  /** Whether it is to be leased at once; one that must wait for its turn in an order is not. */
  leased: boolean
  /** Where the listener wants an order. */
  ordering?: Exclude<Ordering, 'none'>
}

export type AcceptResult =
  /** In the order of the messages. */
  | { outcome: 'accepted'; messages: StoredMessage[] }
  /** The queue has changed or gone since it was read; nothing was stored. */
  | { outcome: 'stale' }
  | QuotaReached
  /** There is an answer to this request already; nothing was stored. */
  | { outcome: 'answered' }
  /** One of the schedules has not the expected revision or due time; nothing was stored. */
  | { outcome: 'passed' }

export interface StoredMessage {
  sequence: number
  /** In the order of the deliveries; null where none was asked for, or where it must wait for its turn in an order. */
  leases: (number | null)[]
  /** In the same order; null where the listener wants no order, and in all where none of them does. */
  places: (OrderPosition | null)[] | null
}

/** A message's place among those of a listener that wants an order. */
export interface OrderPosition {
  /** Counts up by one, without a gap. */
  number: number
  /** The message waits until what was accepted before it is done with. */
  held: boolean
}

/** What came of a leased delivery. */
export interface Settlement {
  delivery: Pick<LeasedDelivery, 'listenerId' | 'dueAt' | 'lease' | 'firstSentAt' | 'attemptsBefore'> & {
    sequence: number
  }
  attempt: Attempt
  next: Next
}

/**
 * `lost`: the lease is another's by now, or the delivery is gone; nothing was written. An object is `settled`, and says
 * when something of this listener is due that waited for it: the next in its order, or the delivery itself, where its
 * redelivery was asked for while it was on the wire and that attempt failed, or where it was pulled and comes again.
 */
export type SettleResult = 'settled' | 'lost' | { nextDueAt: number }

export interface Batch {
  /** The node that holds the leases that this batch takes and gives back. */
  node: string
  /** The time at which this is written. */
  now: number
  accepts: Accept[]
  settlements: Settlement[]
  /** What clients that pull say of their leases; none where it is left out. */
  leaseSettlements?: LeaseSettlement[]
  /** The latest use of each API key. */
  keyUses: { apiKeyId: string; at: number }[]
}

export interface BatchResult {
  accepts: AcceptResult[]
  settlements: SettleResult[]
  leaseSettlements: SettleResult[]
}
