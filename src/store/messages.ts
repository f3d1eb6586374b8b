import type { Attempt } from '../core/delivery/attempt.ts'
import type { DeliverySummary } from '../core/delivery/delivery-summary.ts'
import type { Message } from '../core/delivery/message.ts'
import type { MessageFilter } from '../core/search/message-filter.ts'
import type { ExpectedRevisions } from './listing/expected-revision.ts'
import type { Only, Revised } from './listing/slice.ts'

export interface MessageDetails {
  message: Message
  /** One for each listener that it was accepted for, also where that was deleted since; in order of their ids. */
  deliveries: DeliverySummary[]
}

/** All that is known of what became of a message. */
export interface MessageJourney extends MessageDetails {
  /** Listeners that it did not fit, also where they were deleted since; in order of their ids. */
  leftOut: readonly string[]
}

/** What is left out stays as it is. */
export interface MessageChanges {
  name?: string
  deliverAt?: number
}

export interface DeletedMessage {
  /** Listeners that still waited for the message. */
  listenerIds: string[]
  /** Listeners for which another message that waited for its turn can be sent now. */
  freedListenerIds: string[]
}

/** What one call of a search found. */
export interface MessageSearchPart {
  entries: MessageDetails[]
  next: string | null
  /** How many messages it looked at, and through how many bytes of their data. */
  looked: number
  bytes: number
}

export interface MessageStore {
  get(ask: { organizationId: string; queueId: string; id: string }): Promise<Revised<MessageJourney> | null>
  /** How many of these messages the queue has; none where the queue is gone. Ids must differ. */
  countOf(ask: { organizationId: string; queueId: string; ids: readonly string[] }): Promise<number>
  /** The queue that a message is in, of all of the organization's; null where there is no such message. */
  locate(ask: { organizationId: string; id: string }): Promise<string | null>
  /**
   * Newest first, those before the id `before` where it is given; of one queue, or of all of the organization's
   * where `queueId` is null. `full` adds the deliveries, which otherwise are empty.
   */
  list(ask: {
    organizationId: string
    queueId: string | null
    only: Only
    before: string | null
    offset: number
    limit: number
    full: boolean
  }): Promise<MessageDetails[]>
  /**
   * Messages that fit the filter, of a queue or of all of the organization's where `queueId` is null, with their deliveries,
   * newest first: ids below `before` and at least `from`. Names and keys are found by an index. One call looks at no more
   * than `examine` messages, and where it looks through their data, at no more than the first with which that comes to
   * `examineBytes`; `next` is where to go on, or null where none is left. So an answer may be empty and still go on.
   */
  search(ask: {
    organizationId: string
    queueId: string | null
    only: Only
    filter: MessageFilter
    from: string
    before: string
    limit: number
    examine: number
    examineBytes: number
    now: number
  }): Promise<MessageSearchPart>
  /**
   * Changes the name, and when the message is due, its deliveries with it. `started`: it is on its way, which means
   * that one of its deliveries is leased, was tried or has ended, or that it has none and is due; nothing was changed.
   * Answers with the listeners whose deliveries were moved.
   */
  update(ask: {
    organizationId: string
    queueId: string
    id: string
    changes: MessageChanges
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<{ movedListenerIds: string[] } | 'not_found' | 'changed' | 'started'>
  /** Cancels what is still pending of it. */
  delete(ask: {
    organizationId: string
    queueId: string
    id: string
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<DeletedMessage | 'not_found' | 'changed'>
  /**
   * By listener, and newest first for each; with `part` no more than its `limit`, from behind one of them on: a message may
   * have a million attempts.
   */
  attempts(ask: {
    organizationId: string
    queueId: string
    id: string
    part?: { after: { listenerId: string; number: number } | null; limit: number }
  }): Promise<{ listenerId: string; attempt: Attempt }[] | null>
}
