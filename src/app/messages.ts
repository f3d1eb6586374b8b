import type { Principal } from '../core/api-key.ts'
import type { Attempt } from '../core/attempt.ts'
import { Problem } from '../core/problem.ts'
import type { MessageDetails } from '../store/messages.ts'
import type { Belief, Revised } from '../store/store.ts'
import type { AppDeps } from './deps.ts'
import { expectIds } from './ids.ts'
import type { Listing } from './page.ts'
import { readRoute } from './queues.ts'
import { onlyVisible } from './visibility.ts'

export interface MessageAddress {
  organizationId: string
  queueId: string
  id: string
}

/** One attempt and whom it was for. */
export interface MessageAttempt {
  listenerId: string
  attempt: Attempt
}

/** Throws `message_not_found`. */
export async function readMessage(deps: Pick<AppDeps, 'store'>, ask: MessageAddress): Promise<Revised<MessageDetails>> {
  expectIds([ask.queueId, ask.id], 'message_not_found')
  const found = await deps.store.messages.get(ask)
  if (found === null) throw new Problem('message_not_found')
  return found
}

/**
 * Newest first; of one queue, or of all that the key may see where `queueId` is null. `before` continues below that
 * message. Throws `queue_not_found`.
 */
export async function listMessages(
  deps: Pick<AppDeps, 'store'>,
  ask: {
    principal: Principal
    queueId: string | null
    before: string | null
    offset: number
    limit: number
    full: boolean
  },
): Promise<Listing<MessageDetails>> {
  const { principal, ...rest } = ask
  const { organizationId } = principal
  if (ask.queueId !== null) await readRoute(deps, { organizationId, id: ask.queueId })
  const only = onlyVisible(principal, 'messages')
  const found = await deps.store.messages.list({ ...rest, organizationId, only, limit: ask.limit + 1 })
  return { entries: found.slice(0, ask.limit), more: found.length > ask.limit }
}

/** Without a name it only reads. Throws `message_not_found` and `changed`. */
export async function updateMessage(
  deps: Pick<AppDeps, 'store'>,
  ask: MessageAddress & { changes: { name?: string }; belief?: Belief },
): Promise<Revised<MessageDetails>> {
  const { changes, belief = null, ...address } = ask
  const details = await readMessage(deps, address)
  if (belief !== null && !belief.includes(details.revision)) throw new Problem('changed')
  if (changes.name === undefined) return details
  const outcome = await deps.store.messages.rename({ ...address, belief, name: changes.name })
  if (outcome === 'not_found') throw new Problem('message_not_found')
  if (outcome === 'changed') throw new Problem('changed')
  return readMessage(deps, address)
}

/** Cancels what is still pending of it. Throws `message_not_found` and `changed`. */
export async function deleteMessage(
  deps: Pick<AppDeps, 'store' | 'carrier'>,
  ask: MessageAddress & { belief?: Belief },
): Promise<void> {
  expectIds([ask.queueId, ask.id], 'message_not_found')
  const outcome = await deps.store.messages.delete(ask)
  if (outcome === 'not_found') throw new Problem('message_not_found')
  if (outcome === 'changed') throw new Problem('changed')
  deps.carrier.messageGone(ask.id, outcome.listenerIds)
}

/** Every attempt that is kept, newest first. Throws `message_not_found`. */
export async function listAttempts(deps: Pick<AppDeps, 'store'>, ask: MessageAddress): Promise<MessageAttempt[]> {
  expectIds([ask.queueId, ask.id], 'message_not_found')
  const found = await deps.store.messages.attempts(ask)
  if (found === null) throw new Problem('message_not_found')
  return found.sort(newerFirst)
}

/** Where an attempt stands among those of its message. */
export interface AttemptPlace {
  listenerId: string
  attempt: Pick<Attempt, 'startedAt' | 'number'>
}

/** Total, so that a cursor into the order means one place only. */
export function newerFirst(a: AttemptPlace, b: AttemptPlace): number {
  if (a.attempt.startedAt !== b.attempt.startedAt) return b.attempt.startedAt - a.attempt.startedAt
  if (a.listenerId !== b.listenerId) return a.listenerId < b.listenerId ? -1 : 1
  return b.attempt.number - a.attempt.number
}
