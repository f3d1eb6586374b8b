import type { EventCategory, UsageEvent } from '../core/telemetry/event.ts'
import type { EventPosition } from '../core/telemetry/event-id.ts'
import type { Only } from './listing/slice.ts'

/**
 * Which events are asked for. `newest` comes first by the time of the commits, and goes down; `oldest` goes up in the
 * order in which commits were numbered, whatever the clocks of their nodes said.
 */
export interface EventsAsk {
  organizationId: string
  categories: readonly EventCategory[]
  /** Ids of subjects, or of the queues around them. */
  only: Only
  /** Only what was stored at this time or later. */
  since: number
  /** The place to go on from, in the order asked for; null begins at its start. */
  after: EventPosition | null
  order: 'newest' | 'oldest'
  /** Only segments up to this one; see `horizon`. */
  upTo: number
  limit: number
}

export interface EventPage {
  /** In the order that was asked for. */
  events: UsageEvent[]
  /** Where to go on, or null where nothing is left. A page may be short of its limit, or empty, and still go on. */
  next: EventPosition | null
}

/** Events are written by the methods whose doings they tell of, in the same transaction. */
export interface EventStore {
  /**
   * A page of events; without `order` the newest first, without `upTo` whatever is there. One call reads a bounded number
   * of segments.
   */
  list(ask: Omit<EventsAsk, 'order' | 'upTo'> & Partial<EventsAsk>): Promise<EventPage>
  /**
   * A segment up to which no commit is missing any more: one that is under way, on whichever node, will have a greater
   * number. A client that has seen everything up to it, and goes on from there, misses nothing. Everything that was
   * committed before the call is up to it, unless commits take very long just then.
   */
  horizon(): Promise<number>
  /**
   * Where a listing of these events gets to by passing over the `offset` newest ones: how many of them are still to be
   * passed over, one by one, below `after`. That is a few hundred at most, and more only within one segment.
   */
  skip(ask: {
    organizationId: string
    categories: readonly EventCategory[]
    since: number
    offset: number
  }): Promise<{ after: EventPosition | null; offset: number }>
  /** Names that these queues and listeners of an organization have now, by their ids; what was deleted is not among them. */
  names(ask: {
    organizationId: string
    queueIds: readonly string[]
    listenerIds: readonly string[]
  }): Promise<{ id: string; name: string }[]>
  /** Removes what was stored before `before`, up to `limit` segments. Answers with how many it removed. */
  prune(ask: { before: number; limit: number }): Promise<number>
}
