import type { Principal } from '../core/api-key.ts'
import type { EventCategory, UsageEvent } from '../core/event.ts'
import type { EventPlace } from '../core/event-id.ts'
import type { AppDeps } from './deps.ts'
import type { Listing } from './page.ts'
import { onlyVisible } from './visibility.ts'

/** A key that sees little may have to look far; past this the caller goes on by the cursor. */
const MAX_READS = 50
const READ_AT_ONCE = 1_000

export interface EventListing extends Listing<UsageEvent> {
  /** Where to go on; may be below the last entry, or without any. */
  next: EventPlace | null
}

/** Newest first, those that the key may see; `after` continues below that place. */
export async function listEvents(
  deps: Pick<AppDeps, 'store' | 'runtime' | 'eventRetentionMs'>,
  ask: {
    principal: Principal
    categories: readonly EventCategory[]
    after: EventPlace | null
    offset: number
    limit: number
  },
): Promise<EventListing> {
  const { organizationId } = ask.principal
  const only = onlyVisible(ask.principal, 'events')
  const since = deps.runtime.now() - deps.eventRetentionMs
  const wanted = ask.offset + ask.limit
  const events: UsageEvent[] = []
  let after = ask.after
  for (let reads = 0; reads < MAX_READS && events.length < wanted; reads++) {
    const limit = Math.min(wanted - events.length, READ_AT_ONCE)
    const page = await deps.store.events.list({ organizationId, categories: ask.categories, only, since, after, limit })
    events.push(...page.events)
    after = page.next
    if (after === null) break
  }
  return { entries: events.slice(ask.offset), more: after !== null, next: after }
}
