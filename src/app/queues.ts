import type { Principal } from '../core/api-key.ts'
import { nameTaken, Problem } from '../core/problem.ts'
import type { QueueDetails, QueueRoute } from '../store/queues.ts'
import type { Belief } from '../store/store.ts'
import { named } from './changes.ts'
import type { AppDeps } from './deps.ts'
import type { AnswerFor } from './idempotency.ts'
import { expectIds } from './ids.ts'
import { type Listing, type Page, readPage } from './page.ts'
import { onlyVisible } from './visibility.ts'

export interface QueueAddress {
  organizationId: string
  id: string
}

/** Throws `name_taken` and `key_running`. */
export async function createQueue(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: { organizationId: string; name: string },
  answerFor?: AnswerFor<QueueDetails>,
): Promise<QueueDetails> {
  const now = deps.runtime.now()
  const queue = { ...ask, id: deps.runtime.newId(), createdAt: now, updatedAt: now, version: 1 }
  const details = { ...queue, listeners: [], pendingCount: 0 }
  const outcome = await deps.store.queues.create(queue, answerFor?.(details))
  if (outcome === 'name_taken') throw nameTaken('queue')
  if (outcome === 'answered') throw new Problem('key_running')
  return details
}

/** Throws `queue_not_found`. */
export async function readQueue(deps: Pick<AppDeps, 'store'>, ask: QueueAddress): Promise<QueueDetails> {
  expectIds([ask.id], 'queue_not_found')
  const queue = await deps.store.queues.get(ask)
  if (queue === null) throw new Problem('queue_not_found')
  return queue
}

/** The queue and its listeners as the store has them now, without figures. Throws `queue_not_found`. */
export async function readRoute(deps: Pick<AppDeps, 'store'>, ask: QueueAddress): Promise<QueueRoute> {
  expectIds([ask.id], 'queue_not_found')
  const route = await deps.store.queues.route(ask)
  if (route === null) throw new Problem('queue_not_found')
  return route
}

/** Oldest first, those that the key may see. */
export async function listQueues(
  deps: Pick<AppDeps, 'store'>,
  ask: { principal: Principal; page: Page | null },
): Promise<Listing<QueueDetails>> {
  const { organizationId } = ask.principal
  const only = onlyVisible(ask.principal, 'queues')
  return readPage(ask.page, (slice) => deps.store.queues.list({ organizationId, only, slice }))
}

/** Throws `queue_not_found`, `name_taken` and `changed`. */
export async function updateQueue(
  deps: Pick<AppDeps, 'store' | 'runtime' | 'directory'>,
  ask: QueueAddress & { changes: { name?: string }; belief?: Belief },
): Promise<QueueDetails> {
  expectIds([ask.id], 'queue_not_found')
  const outcome = await deps.store.queues.update({ ...ask, changes: named(ask.changes), now: deps.runtime.now() })
  if (outcome === 'not_found') throw new Problem('queue_not_found')
  if (outcome === 'name_taken') throw nameTaken('queue')
  if (outcome === 'changed') throw new Problem('changed')
  deps.directory.forget(ask.organizationId, ask.id)
  return readQueue(deps, { organizationId: ask.organizationId, id: ask.id })
}

/** Takes its listeners and messages along. Throws `queue_not_found` and `changed`. */
export async function deleteQueue(
  deps: Pick<AppDeps, 'store' | 'directory' | 'carrier'>,
  ask: QueueAddress & { belief?: Belief },
): Promise<void> {
  expectIds([ask.id], 'queue_not_found')
  const outcome = await deps.store.queues.delete(ask)
  if (outcome === 'not_found') throw new Problem('queue_not_found')
  if (outcome === 'changed') throw new Problem('changed')
  deps.directory.forget(ask.organizationId, ask.id)
  for (const listenerId of outcome.listenerIds) deps.carrier.listenerGone(listenerId)
}
