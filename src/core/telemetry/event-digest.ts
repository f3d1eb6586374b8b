import type { UsageEvent } from './event.ts'
import { addCounts, type EventCounts, noCounts } from './stats.ts'

/**
 * What happened in an organization since the event digest before, however much it was: a bounded text for each SSE
 * client.
 */
export interface EventDigest {
  /** Epoch milliseconds. */
  at: number
  counts: EventCounts
  /** The newest of it, newest first. */
  events: UsageEvent[]
  /** How many events were counted and are not among these. */
  omitted: number
  /** Some events may be missing without being counted: more happened while no client watched than is told. */
  gap: boolean
}

/** The most events that one event digest tells of. */
export const MAX_DIGEST_EVENTS = 50

export function emptyDigest(at: number): EventDigest {
  return { at, counts: noCounts(), events: [], omitted: 0, gap: false }
}

export function isEmpty({ counts, events, gap }: EventDigest): boolean {
  return !gap && events.length === 0 && Object.values(counts).every((count) => count === 0)
}

/** Two event digests, one right after the other, as one: what an SSE client gets that was too slow for the first. */
export function joined(earlier: EventDigest, later: EventDigest): EventDigest {
  const counts = noCounts()
  addCounts(counts, earlier.counts)
  addCounts(counts, later.counts)
  const events = [...later.events, ...earlier.events]
  const kept = events.slice(0, MAX_DIGEST_EVENTS)
  const omitted = earlier.omitted + later.omitted + events.length - kept.length
  return { at: later.at, counts, events: kept, omitted, gap: earlier.gap || later.gap }
}
