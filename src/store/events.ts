import type { EventCategory, UsageEvent } from '../core/telemetry/event.ts'
import type { EventPosition } from '../core/telemetry/event-id.ts'
import type { Only } from './listing/slice.ts'

export interface EventPage {
  /** Newest first. */
  events: UsageEvent[]
  /** Where to go on, or null where nothing is left. A page may be short of its limit, or empty, and still go on. */
  next: EventPosition | null
}

/** Events are written by the methods whose doings they tell of, in the same transaction. */
export interface EventStore {
  /**
   * Events of these categories that were stored at `since` or later, below the place `after` where it is given.
   * `only` holds ids of subjects, or of the queues around them. One call reads a bounded number of segments.
   */
  list(ask: {
    organizationId: string
    categories: readonly EventCategory[]
    only: Only
    since: number
    after: EventPosition | null
    limit: number
  }): Promise<EventPage>
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
  /** Removes what was stored before `before`, up to `limit` segments. Answers with how many it removed. */
  prune(ask: { before: number; limit: number }): Promise<number>
}
