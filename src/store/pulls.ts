import type { Message } from '../core/delivery/message.ts'
import type { LeaseEnd, Receipt } from '../core/delivery/pull.ts'

/** What a client asks of a pull listener. */
export interface PullAsk {
  listenerId: string
  limit: number
  /** No more data than this, but for the first message. */
  maxBytes: number
  leaseMs: number
}

export interface PulledDelivery {
  message: Message
  leaseUntil: number
  /** Which attempt this is, from 1. */
  attempt: number
  /** What `discue-sequence` would say; null where the listener has no order. */
  orderNumber: number | null
}

export type Pulled =
  | {
      outcome: 'pulled'
      /** Oldest due time first. */
      deliveries: PulledDelivery[]
      /** When the first delivery that was not taken is due; null where none waits, or none may be had now. */
      nextDueAt: number | null
    }
  /** There is no such listener any more, or deliveries are sent to it. */
  | { outcome: 'gone' }

/**
 * What its holder says of a lease, to be written by a commit. `unseen`: the client hung up before it got what was leased,
 * and it counts as no attempt. `extended`: the lease begins anew; it holds as long as no node has ended it, also where it
 * has run out meanwhile. Where one commit extends a lease and ends it, it does both.
 */
export interface LeaseSettlement {
  listenerId: string
  queueId: string
  receipt: Receipt
  end: LeaseEnd | { how: 'unseen' } | { how: 'extended'; leaseMs: number }
  /** In [0, 1), for the jitter of a retry. */
  random: number
}

/**
 * Leases of clients that pull. They are stored: a leased delivery lies under the end of its lease, where it is due
 * again, and survives the end of the server. So a lease needs no node that lives, and of two holders the store can tell
 * which one's lease it is.
 */
export interface PullStore {
  /** Leases what is due, for several clients in one transaction. Results are in the order of the asks. */
  pull(batch: { now: number; asks: PullAsk[] }): Promise<Pulled[]>
  /**
   * Ends up to `limit` leases that have run out, each as an attempt that failed. Answers with what can be had now, and
   * with the next time at which a lease runs out.
   */
  expire(ask: { now: number; limit: number }): Promise<ExpiredLeases>
}

export interface ExpiredLeases {
  freed: { listenerId: string; dueAt: number }[]
  /** Null where nothing is leased. May be in the past where there were more than `limit`. */
  nextAt: number | null
}
