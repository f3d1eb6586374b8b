import { nameTaken, Problem } from '../core/problem.ts'
import type { Schema } from '../core/schema/schema.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import type { ExpectedRevisions } from '../store/listing/expected-revision.ts'
import type { QueueDetails, QueueRoute } from '../store/queues.ts'
import { queueSchemaOf } from './caches/schema-checks.ts'
import { named } from './changes.ts'
import type { AppDeps } from './deps.ts'
import type { AnswerFor } from './idempotency.ts'
import { expectIds } from './ids.ts'
import { type Listing, type Page, readPage } from './page.ts'
import { refusalOf } from './tenant/refusal.ts'
import { onlyVisible } from './tenant/visibility.ts'

export interface QueueAddress {
  organizationId: string
  id: string
}

/** What is left out stays as it is; `schema` is as the client sent it, and null removes it. */
export interface QueueChange {
  name?: string
  schema?: unknown
  paused?: boolean
}

/** Throws `name_taken`, `quota_reached` and `key_running`, and `invalid` for a schema that is none. */
export async function createQueue(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: { organizationId: string; name: string; schema?: unknown; paused?: boolean },
  answerFor?: AnswerFor<QueueDetails>,
): Promise<QueueDetails> {
  const now = deps.runtime.now()
  const { schema = null, paused = false, ...rest } = ask
  const times = { createdAt: now, updatedAt: now }
  const queue = { ...rest, ...times, id: deps.runtime.newId(), schema: queueSchemaOf(schema), paused, version: 1 }
  const details = { ...queue, listeners: [], pendingCount: 0 }
  const outcome = await deps.store.queues.create(queue, answerFor?.(details))
  if (outcome === 'name_taken') throw nameTaken('queue')
  if (outcome !== 'created') throw refusalOf(outcome)
  return details
}

/** The queue with its listeners and counts. Throws `queue_not_found`. */
export async function readQueue(deps: Pick<AppDeps, 'store'>, ask: QueueAddress): Promise<QueueDetails> {
  expectIds([ask.id], 'queue_not_found')
  const queue = await deps.store.queues.get(ask)
  if (queue === null) throw new Problem('queue_not_found')
  return queue
}

/** The queue and its listeners as the store has them now, without counters. Throws `queue_not_found`. */
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

/** The schema of a queue, where this is its id. Throws `queue_not_found` and `schema_not_found`. */
export async function readSchema(
  deps: Pick<AppDeps, 'store'>,
  ask: QueueAddress & { schemaId: string },
): Promise<Schema> {
  const { organizationId, id, schemaId } = ask
  const { queue } = await readRoute(deps, { organizationId, id })
  if (queue.schema?.id !== schemaId) throw new Problem('schema_not_found')
  return queue.schema.rules
}

/**
 * Why a `POST` below a queue that is not found is refused: `queue_deleting` while the queue is being removed, else
 * `queue_not_found`.
 */
export async function missingForPost(deps: Pick<AppDeps, 'store'>, ask: QueueAddress): Promise<Problem> {
  const { organizationId, id } = ask
  const deleting = await deps.store.queues.isDeleting({ organizationId, id })
  return new Problem(deleting ? 'queue_deleting' : 'queue_not_found')
}

/** For a `POST` below the queue. Throws `queue_not_found` and `queue_deleting`. */
export async function expectQueueForPost(deps: Pick<AppDeps, 'store'>, ask: QueueAddress): Promise<void> {
  expectIds([ask.id], 'queue_not_found')
  if ((await deps.store.queues.route(ask)) === null) throw await missingForPost(deps, ask)
}

/**
 * A pause counts at once. Throws `queue_not_found`, `name_taken` and `changed`, and `invalid` for a schema that is none.
 */
export async function updateQueue(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: QueueAddress & { changes: QueueChange; ifMatch?: ExpectedRevisions },
): Promise<QueueDetails> {
  const { changes, ifMatch, ...address } = ask
  expectIds([ask.id], 'queue_not_found')
  const schema = changes.schema === undefined ? undefined : queueSchemaOf(changes.schema)
  const update = { ...address, ifMatch, changes: named({ ...changes, schema }), now: deps.runtime.now() }
  const changed = await deps.store.queues.update(update)
  if (changed === 'not_found') throw new Problem('queue_not_found')
  if (changed === 'name_taken') throw nameTaken('queue')
  if (changed === 'changed') throw new Problem('changed')
  return changed
}

/**
 * Deletes a queue: from now on neither it nor its listeners and messages are found, and its name is free; what is
 * stored of it is removed in the background. Throws `queue_not_found` and `changed`.
 */
export async function deleteQueue(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: QueueAddress & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  expectIds([ask.id], 'queue_not_found')
  const outcome = await deps.store.queues.delete({ ...ask, now: deps.runtime.now() })
  if (outcome === 'not_found') throw new Problem('queue_not_found')
  if (outcome === 'changed') throw new Problem('changed')
}
