import type { Latencies } from '../core/delivery/latency.ts'
import type { EventCounts } from '../core/telemetry/stats.ts'
import type { Only } from './listing/slice.ts'

/** What happened in the five minutes that begin at `start`. */
export interface CountedBucket {
  start: number
  counts: EventCounts
}

/**
 * What happened in five minutes of one queue, API key or listener. What a queue's listeners counted is not in the
 * queue's own.
 */
export interface CountedPart extends CountedBucket {
  /** The queue (also of a listener) or the API key. */
  subjectId: string
  listenerId: string | null
  /** From when a message was due to its acknowledgement. */
  latencies: Latencies
}

export interface CountedParts {
  parts: CountedPart[]
  /** The bucket to go on with, or null where the last one was read. */
  next: number | null
}

/** Counts are written by the methods whose doings they count, in the same transaction. */
export interface StatsStore {
  /** All of the organization, from the bucket at `from` to the one at `until`; those without a count are left out. */
  ofOrganization(ask: { organizationId: string; from: number; until: number }): Promise<CountedBucket[]>
  /**
   * By queue, API key and listener; `only` holds ids of any of them, and a queue's brings its listeners along. Reads
   * whole buckets and stops early once it has about `limit` parts.
   */
  ofParts(ask: {
    organizationId: string
    only: Only
    from: number
    until: number
    limit: number
  }): Promise<CountedParts>
  /** Removes up to `limit` counts of buckets that begin before `before`. Answers with how many it removed. */
  prune(ask: { before: number; limit: number }): Promise<number>
}
