import type { Attempt } from '../core/delivery/attempt.ts'
import { dueTimeFault, dueTimeOf } from '../core/delivery/due-time.ts'
import { MAX_DATA_BYTES, type Message } from '../core/delivery/message.ts'
import { isId } from '../core/id.ts'
import { FilterBudget } from '../core/listener-filter/filter-budget.ts'
import { moveFault } from '../core/message/expiry.ts'
import { changedName } from '../core/name.ts'
import { Problem } from '../core/problem.ts'
import { type Principal, permits } from '../core/tenant/api-key.ts'
import type { ExpectedRevisions } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import type { MessageChanges, MessageDetails, MessageJourney } from '../store/messages.ts'
import type { FilteredRoute } from './caches/queue-directory.ts'
import { named } from './changes.ts'
import type { AppDeps } from './deps.ts'
import { expectIds } from './ids.ts'
import type { Listing } from './page.ts'
import { readRoute } from './queues.ts'
import { onlyVisible } from './tenant/visibility.ts'

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
export async function readMessage(deps: Pick<AppDeps, 'store'>, ask: MessageAddress): Promise<Revised<MessageJourney>> {
  expectIds([ask.queueId, ask.id], 'message_not_found')
  const found = await deps.store.messages.get(ask)
  if (found === null) throw new Problem('message_not_found')
  return found
}

/** A message with what is known of those that do not get it. */
export interface ToldJourney extends MessageDetails {
  leftOut: { listenerId: string; failed: string | null }[]
}

/** Like `readMessage`, with what of each listener's filter the message is not, as long as that filter is still the one. */
export async function readJourney(
  deps: Pick<AppDeps, 'store' | 'directory'>,
  ask: MessageAddress,
): Promise<Revised<ToldJourney>> {
  const { leftOut, ...found } = await readMessage(deps, ask)
  if (leftOut.length === 0) return { ...found, leftOut: [] }
  const route = await deps.directory.load(ask.organizationId, ask.queueId)
  const failedOf = route === null ? () => null : misfits(route, found.message)
  return { ...found, leftOut: leftOut.map((listenerId) => ({ listenerId, failed: failedOf(listenerId) })) }
}

/** Tells of a listener what of its filter the message is not; null where the filter is another by now, or takes too long to ask. */
function misfits({ listeners, filters }: FilteredRoute, message: Message): (listenerId: string) => string | null {
  const places = new Map(listeners.map(({ id }, place) => [id, place]))
  const budget = new FilterBudget()
  const failedAt = filters?.misfits(message, budget)
  return (listenerId) => {
    const place = places.get(listenerId)
    if (place === undefined || failedAt === undefined) return null
    if (listeners[place]!.settings.filterSince > message.createdAt) return null
    const failed = failedAt(place)
    return budget.isOver ? null : failed
  }
}

/**
 * Reads a message without its queue, which a key may be granted by. Throws `scope_missing`, also for a message that does
 * not exist, where the key may not see all, and `message_not_found`.
 */
export async function findMessage(
  deps: Pick<AppDeps, 'store' | 'directory'>,
  { principal, id }: { principal: Principal; id: string },
): Promise<Revised<ToldJourney>> {
  const { organizationId } = principal
  const queueId = isId(id) ? await deps.store.messages.locate({ organizationId, id }) : null
  const ids = queueId === null ? [id] : [id, queueId]
  if (!permits(principal, { resource: 'messages', access: 'read', ids })) throw new Problem('scope_missing')
  if (queueId === null) throw new Problem('message_not_found')
  return readJourney(deps, { organizationId, queueId, id })
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
  const slice = { ...rest, organizationId, only, limit: ask.limit + 1 }
  const found = ask.full ? await listWhole(deps, slice) : await deps.store.messages.list(slice)
  return { entries: found.slice(0, ask.limit), more: found.length > ask.limit }
}

/** Whole messages of the first call to the store: as many of the longest as are read at once. */
const FIRST_AT_ONCE = 8
const CHARS_AT_ONCE = FIRST_AT_ONCE * MAX_DATA_BYTES

/**
 * Messages with their data, some at a time: a page of the longest takes the thread that it is read by, and the one that it
 * comes to, for tens of milliseconds. A page of short ones takes two calls.
 */
async function listWhole(
  { store }: Pick<AppDeps, 'store'>,
  slice: Parameters<AppDeps['store']['messages']['list']>[0],
): Promise<MessageDetails[]> {
  const found: MessageDetails[] = []
  let { before, offset } = slice
  let chars = 0
  for (let atOnce = FIRST_AT_ONCE; ; ) {
    const limit = Math.min(atOnce, slice.limit - found.length)
    const part = await store.messages.list({ ...slice, before, offset, limit })
    found.push(...part)
    if (part.length < limit || found.length === slice.limit) return found
    before = part.at(-1)!.message.id
    offset = 0
    chars += part.reduce((sum, { message }) => sum + message.data.length, 0)
    atOnce = Math.max(FIRST_AT_ONCE, Math.floor((CHARS_AT_ONCE * found.length) / Math.max(1, chars)))
  }
}

/**
 * Where nothing changes it only reads; a due time that is over means now. Throws `message_not_found`, `changed` and
 * `message_started`, and `invalid` for a due time that cannot be.
 */
export async function updateMessage(
  deps: Pick<AppDeps, 'store' | 'runtime' | 'directory'>,
  ask: MessageAddress & { changes: MessageChanges; ifMatch?: ExpectedRevisions },
): Promise<Revised<ToldJourney>> {
  const { ifMatch = null, changes: wanted, ...address } = ask
  const details = await readMessage(deps, address)
  if (ifMatch !== null && !ifMatch.includes(details.revision)) throw new Problem('changed')
  const now = deps.runtime.now()
  const changes = changesOf(wanted, details.message, now)
  if (Object.keys(changes).length === 0) return readJourney(deps, address)
  const outcome = await deps.store.messages.update({ ...address, ifMatch, changes, now })
  if (outcome === 'not_found') throw new Problem('message_not_found')
  if (outcome === 'changed') throw new Problem('changed')
  if (outcome === 'started') throw started()
  return readJourney(deps, address)
}

/** What was read and is sent back is no change, least of all of a time that is over by now. */
function changesOf(wanted: MessageChanges, current: Message, now: number): MessageChanges {
  const { deliverAt } = wanted
  const name = changedName(wanted.name, current)
  if (deliverAt === undefined || deliverAt === current.deliverAt) return named({ name })
  const fault = dueTimeFault({ deliverAt }, now) ?? moveFault(current, dueTimeOf({ deliverAt }, now))
  if (fault !== null) throw new Problem('invalid', { errors: [fault] })
  // One time that is over is as good as another.
  if (deliverAt <= now && current.deliverAt <= now) return named({ name })
  return named({ name, deliverAt: dueTimeOf({ deliverAt }, now) })
}

function started(): Problem {
  const message = 'cannot be changed any more: the message has started on its way'
  return new Problem('message_started', { errors: [{ path: '/deliver_at', message }] })
}

/** Cancels what is still pending of it. Throws `message_not_found` and `changed`. */
export async function deleteMessage(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: MessageAddress & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  expectIds([ask.queueId, ask.id], 'message_not_found')
  const outcome = await deps.store.messages.delete({ ...ask, now: deps.runtime.now() })
  if (outcome === 'not_found') throw new Problem('message_not_found')
  if (outcome === 'changed') throw new Problem('changed')
}

/** Attempts of one call to the store: with a KiB of an answer each, half a MiB. */
const ATTEMPTS_AT_ONCE = 500

/**
 * A page of the attempts that are kept, newest first; `below` continues below one of them. They are read some at a time, and
 * of those no more kept than the page needs: a message to thousands of listeners may have a million. Throws
 * `message_not_found`.
 */
export async function listAttempts(
  deps: Pick<AppDeps, 'store'>,
  { below, offset, limit, ...address }: MessageAddress & Page & { below: AttemptPosition | null },
): Promise<Listing<MessageAttempt>> {
  expectIds([address.queueId, address.id], 'message_not_found')
  const most = offset + limit + 1
  let newest: MessageAttempt[] = []
  let after: { listenerId: string; number: number } | null = null
  for (;;) {
    const found = await deps.store.messages.attempts({ ...address, part: { after, limit: ATTEMPTS_AT_ONCE } })
    if (found === null) throw new Problem('message_not_found')
    newest.push(...(below === null ? found : found.filter((attempt) => newerFirst(below, attempt) < 0)))
    if (newest.length > most) newest = newest.sort(newerFirst).slice(0, most)
    const last = found.at(-1)
    if (last === undefined || found.length < ATTEMPTS_AT_ONCE) break
    after = { listenerId: last.listenerId, number: last.attempt.number }
  }
  const entries = newest.sort(newerFirst).slice(offset)
  return { entries: entries.slice(0, limit), more: entries.length > limit }
}

interface Page {
  offset: number
  limit: number
}

/** Where an attempt stands among those of its message. */
export interface AttemptPosition {
  listenerId: string
  attempt: Pick<Attempt, 'startedAt' | 'number'>
}

/** Total, so that a cursor into the order means one place only. */
export function newerFirst(a: AttemptPosition, b: AttemptPosition): number {
  if (a.attempt.startedAt !== b.attempt.startedAt) return b.attempt.startedAt - a.attempt.startedAt
  if (a.listenerId !== b.listenerId) return a.listenerId < b.listenerId ? -1 : 1
  return b.attempt.number - a.attempt.number
}
