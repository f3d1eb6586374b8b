import type { Listener } from '../core/delivery/listener.ts'
import type { Queue, QueueSchema } from '../core/delivery/queue.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { ExpectedRevisions } from './listing/expected-revision.ts'
import type { Only, Slice } from './listing/slice.ts'
import type { Refused } from './organizations.ts'

/** A queue with what its full form shows. */
export interface QueueDetails extends Queue {
  listeners: { id: string; name: string }[]
  /** Deliveries of its messages that are neither acknowledged nor missed. */
  pendingCount: number
}

/** What accepting a message needs to know of its queue. */
export interface QueueRoute {
  queue: Queue
  listeners: Listener[]
}

/** What is left out stays as it is. */
export interface QueueChanges {
  name?: string
  schema?: QueueSchema | null
  paused?: boolean
}

export interface QueueStore {
  /** `answer` is stored together with the queue; `answered`: there is one already, and nothing was stored. */
  create(queue: Queue, answer?: IdempotencyRecord): Promise<'created' | 'name_taken' | 'answered' | Refused>
  get(ask: { organizationId: string; id: string }): Promise<QueueDetails | null>
  /** Oldest first. */
  list(ask: { organizationId: string; only: Only; slice: Slice }): Promise<QueueDetails[]>
  route(ask: { organizationId: string; id: string }): Promise<QueueRoute | null>
  /** Answers with the queue as it is now. Its version grows, so that no accept goes by what it was before. */
  update(ask: {
    organizationId: string
    id: string
    changes: QueueChanges
    now: number
    /** Of the queue's `version`. */
    ifMatch?: ExpectedRevisions
  }): Promise<QueueDetails | 'not_found' | 'name_taken' | 'changed'>
  /**
   * Deletes the queue: neither it nor what is in it is found any more, and its name is free; its rows are removed by
   * sweeps. Answers with the ids of its listeners.
   */
  delete(ask: {
    organizationId: string
    id: string
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<{ listenerIds: string[] } | 'not_found' | 'changed'>
  /** Whether the queue was deleted and sweeps have not removed all of it yet. */
  isDeleting(ask: { organizationId: string; id: string }): Promise<boolean>
}
