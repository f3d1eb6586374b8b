import type { UsageEvent } from '../../core/telemetry/event.ts'
import { type EventPosition, endOfSegment, positionOfEvent } from '../../core/telemetry/event-id.ts'
import type { EventPage, EventsAsk } from '../events.ts'
import { eventsOf, type Segment } from './segment.ts'
import type { Only } from './slice.ts'

/** A key that sees little of a large organization must not keep a store from other work while it looks for it. */
export const MAX_SEGMENTS_READ = 100

/** A page out of segments that come in the order which was asked for; of those, one more than is read is enough. */
export function pageOf(segments: Iterable<Segment>, ask: EventsAsk): EventPage {
  const events: UsageEvent[] = []
  let next: EventPosition | null = null
  let read = 0
  for (const segment of segments) {
    if (read === MAX_SEGMENTS_READ) return { events, next }
    for (const event of visibleOf(segment, ask)) {
      if (events.length === ask.limit) return { events, next: positionOfEvent(events.at(-1)!.id) }
      events.push(event)
    }
    next = ask.order === 'oldest' ? endOfSegment(segment) : { ...placeOf(segment), index: 0 }
    read += 1
  }
  return { events, next: null }
}

/** The events of a segment that were asked for, in the order that was. */
function visibleOf(segment: Segment, { organizationId, only, after, order }: EventsAsk): UsageEvent[] {
  // Looking for the text is a hundred times cheaper than reading what it says.
  if (only !== null && !only.some((id) => segment.entries.includes(id))) return []
  const all = eventsOf(segment, organizationId)
  const isWithin = after !== null && after.segment === segment.segment
  const left =
    order === 'oldest'
      ? all.slice(isWithin ? after.index + 1 : 0)
      : all.slice(0, isWithin ? after.index : all.length).reverse()
  return left.filter(shownTo(only))
}

function placeOf({ storedAt, segment }: Segment): Pick<EventPosition, 'storedAt' | 'segment'> {
  return { storedAt, segment }
}

function shownTo(only: Only): (event: UsageEvent) => boolean {
  if (only === null) return () => true
  const ids = new Set(only)
  return ({ subject, queueId }) => ids.has(subject.id) || (queueId !== null && ids.has(queueId))
}
