import type { QueueRoute } from '../../store/queues.ts'
import type { Store } from '../../store/store.ts'
import { BoundedCache } from './bounded-cache.ts'

const KEPT_QUEUES = 20_000

/**
 * Queues with their listeners, kept in memory because every post needs them. It may be behind the store for a
 * moment: an accept names the version it read, and the store refuses it as stale.
 */
export interface QueueDirectory {
  /** What is in memory, without waiting. */
  peek(organizationId: string, queueId: string): QueueRoute | undefined
  load(organizationId: string, queueId: string): Promise<QueueRoute | null>
  forget(organizationId: string, queueId: string): void
  forgetAll(): void
}

export function createQueueDirectory(store: Pick<Store, 'queues'>): QueueDirectory {
  const cache = new BoundedCache<QueueRoute>({ limit: KEPT_QUEUES, ownerOf: ({ queue }) => queue.organizationId })
  const keyOf = (organizationId: string, queueId: string) => organizationId + queueId
  return {
    peek: (organizationId, queueId) => cache.get(keyOf(organizationId, queueId)),
    load: (organizationId, id) =>
      cache.load(keyOf(organizationId, id), () => store.queues.route({ organizationId, id })),
    forget: (organizationId, queueId) => cache.forget(keyOf(organizationId, queueId)),
    forgetAll: () => cache.clear(),
  }
}
