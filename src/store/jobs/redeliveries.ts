import type { DeliveryStatus } from '../../core/delivery/delivery-summary.ts'
import type { IdempotencyRecord } from '../idempotency-records.ts'
import type { Revised } from '../listing/slice.ts'
import type { MessageDetails } from '../messages.ts'

/** Many deliveries to one listener that are to be made again, a few at a time. */
export interface Redelivery {
  id: string
  organizationId: string
  queueId: string
  listenerId: string
  /** Of messages that were accepted at this time or later; null: however old. */
  since: number | null
  /** And before this time; null: up to when the redelivery was asked for. */
  until: number | null
  /** Only of deliveries that stand like this when their turn comes; null: of all. */
  status: DeliveryStatus | null
  /** Whether what is pending for a later time becomes due at once. */
  immediately: boolean
  createdAt: number
  /** Deliveries that were begun anew so far. */
  matched: number
  /** Whether all were looked at. */
  done: boolean
}

export type MessageRedelivery =
  | 'not_found'
  /** Its time is over; nothing was changed. */
  | 'expired'
  /** It was for no listener, or for none that exists still. */
  | 'nothing'
  /** The listener is not of this queue, or was made after the message was accepted; nothing was changed. */
  | { refused: 'unknown' | 'made_later' | 'left_out'; listenerId: string }
  /** The listeners that can be sent something now. */
  | { details: Revised<MessageDetails>; listenerIds: string[] }

/** A step of counting; `after` is null where nothing is left to look at. */
export interface RedeliveryCount {
  looked: number
  matched: number
  after: string | null
}

/**
 * A redelivery starts the retry policy anew, from now; attempts go on counting. What is pending stays one delivery:
 * where it is not leased, it keeps a time that is to come, or is due at once with `immediately`; where it is, the attempt
 * that is under way counts, and only where it fails the policy starts anew. What waits for its turn in an order goes on waiting, and what was done with takes its turn
 * again, before everything that was accepted after it. What has
 * expired is never delivered, and left out.
 */
export interface RedeliveryStore {
  /** To these listeners, or where `listenerIds` is null to all that exist still of those that it was accepted for. */
  ofMessage(ask: {
    organizationId: string
    queueId: string
    id: string
    listenerIds: readonly string[] | null
    immediately: boolean
    now: number
  }): Promise<MessageRedelivery>
  /** `answer` is stored together with it; `answered`: there is one already, and nothing was stored. */
  create(
    redelivery: Omit<Redelivery, 'matched' | 'done'>,
    answer?: IdempotencyRecord,
  ): Promise<'created' | 'listener_not_found' | 'answered'>
  get(ask: { organizationId: string; queueId: string; listenerId: string; id: string }): Promise<Redelivery | null>
  /**
   * How many deliveries a redelivery asked for now would begin anew, of the next `limit` that it would look at; nothing
   * is changed. `after` is where the step before ended, and empty for the first one.
   */
  count(
    ask: Pick<Redelivery, 'organizationId' | 'queueId' | 'listenerId' | 'since' | 'until' | 'status'> & {
      after: string
      limit: number
      now: number
    },
  ): Promise<RedeliveryCount | 'listener_not_found'>
  /**
   * Goes on with the oldest one that is not done, up to `limit` deliveries. Answers with how many it looked at, 0 where
   * nothing is left to do, and with the listeners that can be sent something now. After a crash it goes on where the
   * last step ended.
   */
  step(ask: {
    limit: number
    now: number
    /** The organization of the step before: those after it come first, so that organizations take turns. */
    afterOrganization?: string
  }): Promise<{ looked: number; listenerIds: string[]; organizationId: string | null }>
  /** Forgets up to `limit` that were done before `before`; answers with how many. */
  prune(ask: { before: number; limit: number }): Promise<number>
}
