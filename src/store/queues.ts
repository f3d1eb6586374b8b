import type { Listener } from '../core/listener.ts'
import type { Queue } from '../core/queue.ts'
import type { Only, Slice } from './store.ts'

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

export interface QueueStore {
  create(queue: Queue): Promise<'created' | 'name_taken'>
  get(ask: { organizationId: string; id: string }): Promise<QueueDetails | null>
  /** Oldest first. */
  list(ask: { organizationId: string; only: Only; slice: Slice }): Promise<QueueDetails[]>
  route(ask: { organizationId: string; id: string }): Promise<QueueRoute | null>
  update(ask: {
    organizationId: string
    id: string
    changes: { name?: string }
    now: number
  }): Promise<'updated' | 'not_found' | 'name_taken'>
  /** Takes its listeners and messages along. Answers with the ids of those listeners. */
  delete(ask: { organizationId: string; id: string; now: number }): Promise<{ listenerIds: string[] } | 'not_found'>
}
