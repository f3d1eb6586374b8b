import type { Message } from '../core/message.ts'
import { Problem } from '../core/problem.ts'
import type { QueueRoute } from '../store/queues.ts'
import type { AppDeps } from './deps.ts'
import { expectIds } from './ids.ts'
import { missingForPost } from './queues.ts'

type Deps = Pick<AppDeps, 'acceptor' | 'directory' | 'runtime' | 'schemaChecks' | 'store'>

/** A queue that changes this often while one message waits is being changed in a loop. */
const MAX_TRIES = 8

export interface NewMessage {
  organizationId: string
  queueId: string
  name: string | null
  data: string
}

/**
 * Stores a message with a delivery for each listener of its queue; resolves when it is on disk.
 * Throws the problems `queue_not_found`, `queue_deleting`, `invalid` for data that does not fit the queue's schema,
 * `quota_reached`, `overloaded`, `stopping` and `store_unavailable`, and then nothing was stored.
 */
export async function acceptMessage(deps: Deps, ask: NewMessage): Promise<Omit<Message, 'sequence'>> {
  const now = deps.runtime.now()
  const message = { ...ask, id: deps.runtime.newId(), createdAt: now, deliverAt: now }
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const route = deps.directory.peek(ask.organizationId, ask.queueId) ?? (await loadRoute(deps, ask))
    // Each time: what made the route stale may have been a new schema.
    deps.schemaChecks.expectFit(route.queue, ask.data)
    if ((await deps.acceptor.accept(message, route)) === 'accepted') return message
    deps.directory.forget(ask.organizationId, ask.queueId)
  }
  throw new Problem('overloaded')
}

/** Where a message to this queue would go; throws `queue_not_found` and `queue_deleting`. */
export async function loadRoute(
  deps: Pick<AppDeps, 'directory' | 'store'>,
  ask: { organizationId: string; queueId: string },
): Promise<QueueRoute> {
  expectIds([ask.queueId], 'queue_not_found')
  const route = await deps.directory.load(ask.organizationId, ask.queueId)
  if (route === null) throw await missingForPost(deps, { organizationId: ask.organizationId, id: ask.queueId })
  return route
}
