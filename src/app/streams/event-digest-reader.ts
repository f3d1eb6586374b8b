import { EVENT_CATEGORIES, type UsageEvent } from '../../core/telemetry/event.ts'
import { type EventDigest, emptyDigest, MAX_DIGEST_EVENTS } from '../../core/telemetry/event-digest.ts'
import { addCounts, BUCKET_MS, bucketStart, type EventCounts, noCounts } from '../../core/telemetry/stats.ts'
import type { Only } from '../../store/listing/slice.ts'
import type { AppDeps } from '../deps.ts'

/** Reads what is new since it was asked last. */
export interface EventDigestReader {
  /** Looks where things stand: what is read later is what happened after this. */
  begin(): Promise<void>
  read(): Promise<EventDigest>
  /** What happened after this event, up to what was read last, as far as it is kept. */
  since(eventId: string): Promise<EventDigest>
}

type Deps = Pick<AppDeps, 'store' | 'runtime' | 'eventRetentionMs'>

/** So many parts of one bucket are summed up in one call to the store. */
const PARTS_AT_ONCE = 2_000

/**
 * Counts are exact, from the statistics, whose newest buckets are a handful of rows; only the newest events are read,
 * and only where something was counted. `only` holds what the SSE clients may see.
 */
export function createEventDigestReader(deps: Deps, ask: { organizationId: string; only: Only }): EventDigestReader {
  const { store, runtime } = deps
  /** What was counted in the buckets that could still grow when they were read. */
  let known = new Map<number, EventCounts>()
  let readAt = 0
  let lastId = ''
  /** Of everything since the start: events may show before they are counted, and it evens out. */
  let untold = 0

  async function bucketsFrom(from: number): Promise<Map<number, EventCounts>> {
    const { organizationId, only } = ask
    const buckets = new Map<number, EventCounts>()
    const until = bucketStart(runtime.now())
    const note = (start: number, counts: EventCounts) => {
      const sum = buckets.get(start) ?? noCounts()
      addCounts(sum, counts)
      buckets.set(start, sum)
    }
    if (only === null) {
      for (const { start, counts } of await store.stats.ofOrganization({ organizationId, from, until }))
        note(start, counts)
      return buckets
    }
    for (let next: number | null = from; next !== null; ) {
      const read = await store.stats.ofParts({ organizationId, only, from: next, until, limit: PARTS_AT_ONCE })
      for (const { start, counts } of read.parts) note(start, counts)
      next = read.next
    }
    return buckets
  }

  async function newest(): Promise<{ events: UsageEvent[]; more: boolean }> {
    const since = runtime.now() - deps.eventRetentionMs
    const page = await store.events.list({
      ...ask,
      ...{ categories: EVENT_CATEGORIES, since, after: null, limit: MAX_DIGEST_EVENTS },
    })
    return { events: page.events, more: page.next !== null }
  }

  return {
    async begin() {
      readAt = runtime.now()
      known = await bucketsFrom(bucketStart(readAt) - BUCKET_MS)
      lastId = (await newest()).events[0]?.id ?? ''
    },
    async read() {
      const now = runtime.now()
      // A commit may be written a moment after the bucket that it is counted in has ended.
      const buckets = await bucketsFrom(bucketStart(readAt) - BUCKET_MS)
      const counts = growth(known, buckets)
      known = buckets
      readAt = now
      const counted = Object.values(counts).reduce((sum, count) => sum + count, 0)
      if (counted === 0 && untold >= 0) return emptyDigest(now)
      const found = (await newest()).events
      const events = found.filter(({ id }) => id > lastId)
      lastId = found[0]?.id ?? lastId
      untold += counted - events.length
      const omitted = Math.max(0, untold)
      untold -= omitted
      return { at: now, counts, events, omitted, gap: false }
    },
    async since(eventId) {
      const upTo = lastId
      const { events, more } = await newest()
      const missed = events.filter(({ id }) => id > eventId && id <= upTo)
      const counts = noCounts()
      for (const { type } of missed) counts[type] += 1
      const gap = events.length > 0 && events.at(-1)!.id > eventId && more
      return { at: runtime.now(), counts, events: missed, omitted: 0, gap }
    },
  }
}

/** What was counted since, over all buckets. */
function growth(before: ReadonlyMap<number, EventCounts>, after: ReadonlyMap<number, EventCounts>): EventCounts {
  const sum = noCounts()
  for (const [start, counts] of after) {
    const known = before.get(start)
    for (const type of Object.keys(sum) as (keyof EventCounts)[]) sum[type] += counts[type] - (known?.[type] ?? 0)
  }
  return sum
}
