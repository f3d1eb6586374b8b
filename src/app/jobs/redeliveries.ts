import type { DeliveryStatus } from '../../core/delivery/delivery-summary.ts'
import { invalid, Problem } from '../../core/problem.ts'
import type { Redelivery, RedeliveryCount } from '../../store/jobs/redeliveries.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { MessageDetails } from '../../store/messages.ts'
import type { AppDeps } from '../deps.ts'
import type { AnswerFor } from '../idempotency.ts'
import { expectIds } from '../ids.ts'
import { type ListenerAddress, readListener } from '../listeners.ts'
import type { MessageAddress } from '../messages.ts'

type Deps = Pick<AppDeps, 'store' | 'runtime'>

const REFUSED = {
  unknown: 'is not the id of a listener of this queue',
  left_out:
    'did not fit this message when it was accepted: its filter left the message out, so that there is nothing to deliver again',
  made_later: 'is the id of a listener that was made after the message was accepted',
}

const NOTHING = 'cannot name any: no listener that still exists was there, and fitted the message, when it was accepted'

/**
 * Delivers a message again, to these listeners or to all that it was accepted for. Throws `message_not_found`,
 * `message_expired`, and `invalid` for a listener that it was not accepted for, or where there is none.
 */
export async function redeliverMessage(
  { store, runtime }: Deps,
  ask: MessageAddress & { listenerIds: readonly string[] | null; immediately: boolean },
): Promise<Revised<MessageDetails>> {
  expectIds([ask.queueId, ask.id], 'message_not_found')
  const now = runtime.now()
  const outcome = await store.redeliveries.ofMessage({ ...ask, now })
  if (outcome === 'not_found') throw new Problem('message_not_found')
  if (outcome === 'expired') throw new Problem('message_expired')
  if (outcome === 'nothing') throw invalid('/listener_ids', NOTHING)
  if ('refused' in outcome) {
    const index = ask.listenerIds?.indexOf(outcome.listenerId) ?? 0
    throw invalid(`/listener_ids/${index}`, REFUSED[outcome.refused])
  }
  return outcome.details
}

export interface NewRedelivery {
  since: number | null
  until: number | null
  status: DeliveryStatus | null
}

/** Delivers many messages to one listener again, in the background. Throws `listener_not_found` and `key_running`. */
export async function beginRedelivery(
  deps: Deps,
  ask: ListenerAddress & NewRedelivery & { immediately: boolean },
  answerFor?: AnswerFor<Redelivery>,
): Promise<Redelivery> {
  const { organizationId, queueId, id: listenerId, ...what } = ask
  expectIds([queueId, listenerId], 'listener_not_found')
  const redelivery = { ...what, id: deps.runtime.newId(), organizationId, queueId, listenerId }
  const begun = { ...redelivery, createdAt: deps.runtime.now(), matched: 0, done: false }
  const outcome = await deps.store.redeliveries.create(begun, answerFor?.(begun))
  if (outcome === 'listener_not_found') throw new Problem('listener_not_found')
  if (outcome === 'answered') throw new Problem('key_running')
  return begun
}

/** A few milliseconds' work, for which writes wait. */
const COUNT_STEP = 500
/** What one call looks at, at most; the next one goes on from there. */
const COUNTED_AT_ONCE = 10_000

/**
 * How many deliveries such a redelivery would begin anew: counted from `after` on, some ten thousand at most, with where
 * to go on. Throws `listener_not_found`.
 */
export async function countRedelivery(
  { store, runtime }: Deps,
  ask: ListenerAddress & NewRedelivery & { after: string },
): Promise<RedeliveryCount> {
  const { id: listenerId, ...what } = ask
  expectIds([ask.queueId, listenerId], 'listener_not_found')
  let [looked, matched, after]: [number, number, string | null] = [0, 0, ask.after]
  while (after !== null && looked < COUNTED_AT_ONCE) {
    const step = await store.redeliveries.count({ ...what, listenerId, after, limit: COUNT_STEP, now: runtime.now() })
    if (step === 'listener_not_found') throw new Problem('listener_not_found')
    looked += step.looked
    matched += step.matched
    after = step.after
  }
  return { looked, matched, after }
}

/** Throws `listener_not_found` and `redelivery_not_found`. */
export async function readRedelivery(
  deps: Pick<AppDeps, 'store' | 'recentLiveness'>,
  ask: ListenerAddress & { redeliveryId: string },
): Promise<Redelivery> {
  const { organizationId, queueId, id: listenerId, redeliveryId: id } = ask
  await readListener(deps, ask)
  expectIds([id], 'redelivery_not_found')
  const found = await deps.store.redeliveries.get({ organizationId, queueId, listenerId, id })
  if (found === null) throw new Problem('redelivery_not_found')
  return found
}
