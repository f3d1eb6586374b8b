import type { Discardable } from '../../core/message/discard.ts'
import type { LeaseReference } from '../deliveries.ts'
import type { IdempotencyRecord } from '../idempotency-records.ts'

/** Deliveries of many messages of a queue that are never to be sent, ended a few at a time. */
export interface Discard {
  id: string
  organizationId: string
  queueId: string
  /** Only deliveries to this listener; null: to all. */
  listenerId: string | null
  /** Of messages that were accepted at this time or later; null: however old. */
  since: number | null
  /** And before this time; null: up to when it was asked for. */
  until: number | null
  /** Only deliveries that stand like this when their turn comes; null: all that are not delivered. */
  status: Discardable | null
  /** Only of messages with this text in their data. */
  contains: string | null
  createdAt: number
  /** Deliveries that were ended so far. */
  matched: number
  /** Whether all were looked at, and nothing of what it means is on its way any more. */
  done: boolean
}

/** A discard that is to go on. */
export interface RunningDiscard {
  discard: Omit<Discard, 'since' | 'until' | 'done' | 'matched'> & { since: number; until: number }
  /** Ids of messages below this one are still to be looked at; null: none, but for `leftovers`. */
  before: string | null
  /** Messages of which something was on its way when they were looked at, where nothing else is left. */
  leftovers: number[]
}

/** Messages that a step has found, and where the next one goes on. */
export interface DiscardStep {
  id: string
  organizationId: string
  /** Where the step began. A step that another node has made meanwhile is not made again. */
  before: string | null
  /** Where the next one goes on; null: nothing is left to look at. */
  next: string | null
  sequences: readonly number[]
  node: string
  now: number
}

/**
 * A discard ends deliveries that are pending, scheduled or missed: they are never sent, unless they are redelivered. An attempt
 * that is under way is let finish, and a pull lease is kept: what is still pending then is ended, and the discard is done
 * only after that. In an order the next message has its turn, also where the listener blocks. What is delivered stays so.
 */
export interface DiscardStore {
  /**
   * `answer` is stored together with it; `answered`: there is one already, and nothing was stored. `too_many`: the organization
   * has `MAX_DISCARDS` under way.
   */
  create(
    discard: Omit<Discard, 'matched' | 'done'>,
    answer?: IdempotencyRecord,
  ): Promise<'created' | 'queue_not_found' | 'listener_not_found' | 'too_many' | 'answered'>
  get(ask: { organizationId: string; queueId: string; id: string }): Promise<Discard | null>
  /** The oldest of the next organization in turn that has anything to do now; null: none has. */
  next(ask: { now: number; afterOrganization: string; leftovers: number }): Promise<RunningDiscard | null>
  /**
   * Ends what it means of these messages, at most `MAX_DISCARDED_A_STEP` deliveries; answers with how many, or null where the
   * step is, or was, another node's.
   */
  step(step: DiscardStep): Promise<number | null>
  /**
   * Ends deliveries that this node holds, has not sent, and that a discard means. Its leases are given up in any case.
   * Answers with how many were ended.
   */
  endLeased(ask: { node: string; now: number; leases: LeaseReference[] }): Promise<number>
  /** Forgets up to `limit` that were done before `before`; answers with how many. */
  prune(ask: { before: number; limit: number }): Promise<number>
}
