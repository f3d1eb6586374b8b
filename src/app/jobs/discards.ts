import type { DeliverySummary } from '../../core/delivery/delivery-summary.ts'
import { idsBetween, isId } from '../../core/id.ts'
import { discards, standingOfWaiting } from '../../core/message/discard.ts'
import { invalid, Problem } from '../../core/problem.ts'
import { ANY_MESSAGE } from '../../core/search/message-filter.ts'
import type { Discard } from '../../store/jobs/discards.ts'
import type { MessageDetails } from '../../store/messages.ts'
import type { AppDeps } from '../deps.ts'
import type { AnswerFor } from '../idempotency.ts'
import { expectIds } from '../ids.ts'
import { expectUnderstood } from '../limits/features.ts'
import type { ListenerAddress } from '../listeners.ts'
import { readRoute } from '../queues.ts'

/** Which deliveries of a queue are meant; null asks for nothing. */
export type DiscardAsk = Omit<Discard, 'id' | 'createdAt' | 'matched' | 'done'>

type Deps = Pick<AppDeps, 'store' | 'runtime'>

/**
 * Ends deliveries of many messages, in the background. Throws `queue_not_found`, `too_many_discards`, `key_running`, and
 * `invalid` for a listener that the queue does not have, and while a node does not know of discards.
 */
export async function beginDiscard(deps: Deps, ask: DiscardAsk, answerFor?: AnswerFor<Discard>): Promise<Discard> {
  expectIds([ask.queueId], 'queue_not_found')
  if (ask.listenerId !== null && !isId(ask.listenerId)) throw unknownListener()
  expectUnderstood(deps, [{ feature: 'message_discard', path: '' }])
  const begun = { ...ask, id: deps.runtime.newId(), createdAt: deps.runtime.now(), matched: 0, done: false }
  const outcome = await deps.store.discards.create(begun, answerFor?.(begun))
  if (outcome === 'queue_not_found') throw new Problem(outcome)
  if (outcome === 'listener_not_found') throw unknownListener()
  if (outcome === 'too_many') throw new Problem('too_many_discards')
  if (outcome === 'answered') throw new Problem('key_running')
  return begun
}

/** Throws `queue_not_found` and `discard_not_found`. */
export async function readDiscard(
  deps: Pick<AppDeps, 'store'>,
  ask: { organizationId: string; queueId: string; id: string },
): Promise<Discard> {
  await readRoute(deps, { organizationId: ask.organizationId, id: ask.queueId })
  expectIds([ask.id], 'discard_not_found')
  const found = await deps.store.discards.get(ask)
  if (found === null) throw new Problem('discard_not_found')
  return found
}

/** One call to the store is a few milliseconds' work, for which writes wait. */
const EXAMINED_AT_ONCE = 500
/** Each is read whole. */
const FOUND_AT_ONCE = 100
const BYTES_AT_ONCE = 1024 * 1024
/** What one count looks at, at most. */
const MOST_EXAMINED = 10_000
const MOST_BYTES = 16 * 1024 * 1024

/**
 * How many deliveries a discard asked for now would end, of the newest ten thousand messages of that time, or 16 MiB of data;
 * `done`: that is all. Changes nothing. Throws `queue_not_found`, and `invalid` for a listener that the queue does not have.
 */
export async function countDiscard(deps: Deps, ask: DiscardAsk): Promise<{ matched: number; done: boolean }> {
  const { organizationId, queueId, listenerId, contains } = ask
  await readRoute(deps, { organizationId, id: queueId })
  if (listenerId !== null && !(await isListener(deps, { organizationId, queueId, id: listenerId }))) {
    throw unknownListener()
  }
  const now = deps.runtime.now()
  const filter = { ...ANY_MESSAGE, listenerId, contains }
  const part = { limit: FOUND_AT_ONCE, examine: EXAMINED_AT_ONCE, examineBytes: BYTES_AT_ONCE }
  const { from, end } = idsBetween(ask.since ?? 0, ask.until ?? Number.MAX_SAFE_INTEGER)
  let [matched, before] = [0, end]
  for (let looked = 0, bytes = 0; looked < MOST_EXAMINED && bytes < MOST_BYTES; ) {
    const found = await deps.store.messages.search({
      ...{ organizationId, queueId, only: null, filter, from, before, now },
      ...part,
    })
    matched += found.entries.reduce((sum, entry) => sum + meantOf(entry, ask, now), 0)
    if (found.next === null) return { matched, done: true }
    before = found.next
    looked += found.looked
    bytes += found.bytes
  }
  return { matched, done: false }
}

function unknownListener(): Problem {
  return invalid('/listener_id', 'is not the id of a listener of this queue')
}

async function isListener({ store }: Pick<AppDeps, 'store'>, ask: ListenerAddress): Promise<boolean> {
  return isId(ask.id) && (await store.listeners.get(ask)) !== null
}

function meantOf({ message, deliveries }: MessageDetails, ask: DiscardAsk, now: number): number {
  const { listenerId, since, until, status } = ask
  if ((since !== null && message.createdAt < since) || (until !== null && message.createdAt >= until)) return 0
  const isMeant = (delivery: DeliverySummary) => {
    if (listenerId !== null && delivery.listenerId !== listenerId) return false
    if (delivery.status === 'missed') return discards(status, 'missed')
    return delivery.status === 'pending' && discards(status, standingOfWaiting({ ...message, ...delivery }, now))
  }
  return deliveries.filter(isMeant).length
}
