import type { ListenerFilter } from '../../core/listener-filter/filter.ts'
import { compileQueueFilters, type QueueFilters } from '../../core/listener-filter/queue-filters.ts'
import type { QueueRoute } from '../../store/queues.ts'
import type { Store } from '../../store/store.ts'
import { BoundedCache } from './bounded-cache.ts'

const KEPT_QUEUES = 20_000
/** Characters of filters that weigh as much as a queue: ready, they take some twenty times their length. */
const FILTERS_A_QUEUE = 1_024

/** A queue as its messages need it, with the filters of its listeners ready; null where none has one. */
export interface FilteredRoute extends QueueRoute {
  filters: QueueFilters | null
}

/**
 * Queues with their listeners, kept in memory because every post needs them. It may be behind the store for a
 * moment: an accept names the version it read, and the store refuses it as stale.
 */
export interface QueueDirectory {
  /** What is in memory, without waiting. */
  peek(organizationId: string, queueId: string): FilteredRoute | undefined
  load(organizationId: string, queueId: string): Promise<FilteredRoute | null>
  forget(organizationId: string, queueId: string): void
  forgetAll(): void
}

export function createQueueDirectory(store: Pick<Store, 'queues'>): QueueDirectory {
  const cache = new BoundedCache<FilteredRoute>({
    limit: KEPT_QUEUES,
    weightOf: ({ filters }) => 1 + Math.floor((filters?.size ?? 0) / FILTERS_A_QUEUE),
    ownerOf: ({ queue }) => queue.organizationId,
  })
  const keyOf = (organizationId: string, queueId: string) => organizationId + queueId
  return {
    peek: (organizationId, queueId) => cache.get(keyOf(organizationId, queueId)),
    load: (organizationId, id) =>
      cache.load(keyOf(organizationId, id), async () => filtered(await store.queues.route({ organizationId, id }))),
    forget: (organizationId, queueId) => cache.forget(keyOf(organizationId, queueId)),
    forgetAll: () => cache.clear(),
  }
}

function filtered(route: QueueRoute | null): FilteredRoute | null {
  if (route === null) return null
  const filters = route.listeners.map(({ settings: { filter } }) => {
    return filter === null ? null : (JSON.parse(filter) as ListenerFilter)
  })
  return { ...route, filters: compileQueueFilters(filters) }
}
