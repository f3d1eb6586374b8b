import { Problem } from '../core/problem.ts'
import { categoryOf, type EventCategory, type UsageEvent } from '../core/telemetry/event.ts'
import type { EventPosition } from '../core/telemetry/event-id.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import type { EventsAsk } from '../store/events.ts'
import type { Only } from '../store/listing/slice.ts'
import type { AppDeps } from './deps.ts'
import type { Listing } from './page.ts'
import { onlyVisible } from './tenant/visibility.ts'

/** A key that sees little may have to look far; past this the caller goes on by the cursor. */
const MAX_READS = 50
/** A page by its number has no place to go on from, and so is read through to: half a million commits. */
const MAX_READS_TO_PAGE = 5_000
const READ_AT_ONCE = 1_000

export interface EventListing extends Listing<UsageEvent> {
  /** Where to go on; may be below the last entry, or without any. */
  next: EventPosition | null
}

/**
 * Those that the key may see, newest or oldest first; `after` goes on from that place. What a commit under way could still
 * come before is not told yet, so that a client which goes on from an entry misses nothing. Throws `bad_query` where
 * `offset` lies too far for a key that does not see everything.
 */
export async function listEvents(
  deps: Pick<AppDeps, 'store' | 'runtime' | 'eventRetentionMs'>,
  ask: {
    principal: Principal
    categories: readonly EventCategory[]
    order: EventsAsk['order']
    after: EventPosition | null
    offset: number
    limit: number
    /**
     * Whether the client pages by number: the answer must then be the whole page; else what is missing can be had from
     * `next` on.
     */
    byPage: boolean
  },
): Promise<EventListing> {
  const { organizationId } = ask.principal
  const only = onlyVisible(ask.principal, 'events')
  const since = deps.runtime.now() - deps.eventRetentionMs
  const upTo = await deps.store.events.horizon()
  const { after: start, offset } = await startOf(deps.store, ask, { only, since })
  const wanted = offset + ask.limit
  const events: UsageEvent[] = []
  let passed = 0
  let after = start
  for (let read = 0; passed + events.length < wanted; read++) {
    if (ask.byPage && read === MAX_READS_TO_PAGE) throw tooFar()
    if (!ask.byPage && read === MAX_READS) break
    const limit = Math.min(wanted - passed - events.length, READ_AT_ONCE)
    const which = { organizationId, categories: ask.categories, only, since, order: ask.order, upTo }
    const page = await deps.store.events.list({ ...which, after, limit })
    const before = Math.min(offset - passed, page.events.length)
    passed += before
    events.push(...page.events.slice(before))
    after = page.next
    if (after === null) break
  }
  return { entries: events, more: after !== null, next: after }
}

/** The names that the queues and listeners of these events of messages have now, by their ids; what was deleted has none. */
export async function namesAround(
  { store }: Pick<AppDeps, 'store'>,
  organizationId: string,
  events: readonly UsageEvent[],
): Promise<ReadonlyMap<string, string>> {
  const of = events.filter(({ type }) => categoryOf(type) === 'messages')
  const ids = (all: (string | null)[]) => [...new Set(all)].filter((id) => id !== null)
  const queueIds = ids(of.map(({ queueId }) => queueId))
  if (queueIds.length === 0) return new Map()
  const listenerIds = ids(of.map(({ listenerId }) => listenerId))
  const found = await store.events.names({ organizationId, queueIds, listenerIds })
  return new Map(found.map(({ id, name }) => [id, name]))
}

/** Where to begin reading, and how many of the events that are read from there are to be passed over. */
async function startOf(
  store: AppDeps['store'],
  ask: { principal: Principal; categories: readonly EventCategory[]; after: EventPosition | null; offset: number },
  { only, since }: { only: Only; since: number },
): Promise<{ after: EventPosition | null; offset: number }> {
  // Which events a key sees is told by reading them.
  if (only !== null || ask.offset === 0) return ask
  const { organizationId } = ask.principal
  return store.events.skip({ organizationId, categories: ask.categories, since, offset: ask.offset })
}

function tooFar(): Problem {
  const message = 'is too far to be found by a key that sees some things only; go on by _links.next instead'
  return new Problem('bad_query', { errors: [{ path: 'page', message }] })
}
