import type { Listener } from '../core/listener.ts'
import type { Queue } from '../core/queue.ts'
import type { StoredAnswer } from './answers.ts'
import type { Belief, Only, Slice } from './store.ts'

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
  /** `answer` is stored together with the queue; `answered`: there is one already, and nothing was stored. */
  create(queue: Queue, answer?: StoredAnswer): Promise<'created' | 'name_taken' | 'answered'>
  get(ask: { organizationId: string; id: string }): Promise<QueueDetails | null>
  /** Oldest first. */
  list(ask: { organizationId: string; only: Only; slice: Slice }): Promise<QueueDetails[]>
  route(ask: { organizationId: string; id: string }): Promise<QueueRoute | null>
  update(ask: {
    organizationId: string
    id: string
    changes: { name?: string }
    now: number
    /** Of the queue's `version`. */
    belief?: Belief
  }): Promise<'updated' | 'not_found' | 'name_taken' | 'changed'>
  /** Takes its listeners and messages along. Answers with the ids of those listeners. */
  delete(ask: {
    organizationId: string
    id: string
    belief?: Belief
  }): Promise<{ listenerIds: string[] } | 'not_found' | 'changed'>
}
