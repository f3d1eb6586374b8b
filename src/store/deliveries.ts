import type { LeasedDelivery } from '../core/delivery/delivery.ts'
import type { LivenessState } from '../core/delivery/liveness.ts'
import type { RetryPolicy } from '../core/delivery/retry-policy.ts'

/** A listener that has deliveries waiting, and when the first of them is due. */
export interface WaitingListener {
  listenerId: string
  nextDueAt: number
}

export interface Claim {
  /** Oldest due time first. */
  deliveries: LeasedDelivery[]
  /** When the first delivery that was not taken is due, which may be in the past; null where none waits. */
  nextDueAt: number | null
}

/** What waits, of one queue or of several together. */
export interface Backlog {
  /** Deliveries that are neither acknowledged nor missed, those included that are due later or on the wire. */
  waiting: number
  /**
   * When the first of them is due that neither a pause nor a disabled listener keeps back, which may be in the future; null
   * where there is none.
   */
  oldestDueAt: number | null
}

/** A queue with what waits in it. */
export interface QueueBacklog extends Backlog {
  queueId: string
  queueName: string
}

/** How a listener stands, for the operator. */
export interface ListenerBacklog extends QueueBacklog {
  listenerId: string
  listenerName: string
  state: LivenessState
  /** Deliveries that are missed now. */
  missed: number
}

/** Listeners that are not told one by one. */
export interface OtherListeners {
  down: number
  waiting: number
  missed: number
}

/** One lease, as its holder knows it. */
export interface LeaseReference {
  listenerId: string
  sequence: number
  lease: number
}

/** Where a delivery lies among those of its listener. */
export interface DuePlace {
  dueAt: number
  sequence: number
}

export interface DeliveryStore {
  /**
   * Leases up to `limit` due deliveries of one listener, and no more than `maxBytes` of data but for the first.
   * What a living node holds is passed over. While the listener is disabled or its queue paused, it has nothing to give.
   */
  claimDue(ask: { node: string; listenerId: string; limit: number; maxBytes: number; now: number }): Promise<Claim>
  /**
   * Every listener that deliveries are sent to, with anything waiting, for a start or a sweep: not those that pull, that
   * are disabled, or whose queue is paused. `after` pages by id.
   */
  waiting(ask: { node: string; after: string | null; limit: number; now: number }): Promise<WaitingListener[]>
  /**
   * Makes up to `limit` deliveries due now that were due when their messages were accepted, by a clock that went back
   * since: messages for now, accepted after `now` and by `until`, of which nothing was tried. What a living node or a
   * client holds stays as it is. Answers with their listeners, one for each; fewer than `limit` where none is left.
   */
  bringForward(ask: { now: number; until: number; limit: number }): Promise<string[]>
  /**
   * Makes deliveries of a listener due now that wait because of an outage (`isOfOutage`), in the order of acceptance from
   * then on. Looks at up to `limit` of those that are due later, from the place `after` on; what a living node holds stays
   * as it is. Answers with how many, and where to go on; null: nothing is left.
   */
  bringBack(ask: {
    listenerId: string
    since: number
    retry: RetryPolicy
    now: number
    limit: number
    after: DuePlace | null
  }): Promise<{ moved: number; after: DuePlace | null }>
  /**
   * What waits in the whole store, for the operator: the `limit` queues with the most of it, and all other queues
   * together. A queue that is deleted has nothing.
   */
  backlog(ask: { limit: number }): Promise<{ queues: QueueBacklog[]; others: Backlog }>
  /** Of the listeners of the whole store the `limit` that are worst off, those that are down before all, and the others summed up. */
  worstListeners(ask: { limit: number }): Promise<{ listeners: ListenerBacklog[]; others: OtherListeners }>
  /** Says that this node lives: its leases hold until `until`. Those of a node that says nothing run out. */
  renew(ask: { node: string; until: number }): Promise<void>
  /** Gives up single leases, so that these deliveries may be claimed at once; one that was lost stays as it is. */
  handBack(ask: { node: string; leases: LeaseReference[] }): Promise<void>
  /** Gives up every lease of a node, so that another node may claim at once. */
  release(ask: { node: string }): Promise<void>
}

/** What one step of looking for messages whose time is over has done. */
export interface ExpiryStep {
  /** Messages that it looked at; 0 where the time of none is over. */
  looked: number
  /** Deliveries that it discarded. */
  discarded: number
  /** The organization whose messages these are; null where there was none. */
  organizationId: string | null
}

/**
 * Discards deliveries of messages whose time is over, which are then never sent. What has been acknowledged stays
 * delivered, what was missed stays missed; in an order the next message has its turn, also where the listener blocks.
 */
export interface ExpiryStore {
  /**
   * Looks at up to `limit` messages of one organization whose time is over at `now`, whether or not they could be sent, and
   * discards at most `MAX_EXPIRED_A_STEP` deliveries of them. An attempt that a living node may be making is let finish, and
   * so is what `node`, which asks, holds: it may have been asleep for longer than its leases last, and be sending still. A
   * pull lease is kept. Such a message is looked at again soon. Organizations take turns: those after `afterOrganization`
   * come first.
   */
  step(ask: { node: string; now: number; limit: number; afterOrganization: string | null }): Promise<ExpiryStep>
  /**
   * Discards deliveries that this node holds and has not sent; what it no longer holds, and what has not expired, stays as
   * it is. Its leases are given up in any case. Answers with how many were discarded.
   */
  endLeased(ask: { node: string; now: number; leases: LeaseReference[] }): Promise<number>
}
