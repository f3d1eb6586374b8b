import type { EventCategory, UsageEvent } from '../../core/telemetry/event.ts'
import {
  type EventPosition,
  placeOfSegment,
  positionOfEvent,
  SEGMENTS_PER_MS,
  segmentNumber,
} from '../../core/telemetry/event-id.ts'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import type { EventPage, EventStore } from '../../store/events.ts'
import { isDeep, seekOffset } from '../../store/listing/offset-seek.ts'
import { eventsOf, type Segment } from '../../store/listing/segment.ts'
import type { Only } from '../../store/listing/slice.ts'
import { texts } from '../connect/arrays.ts'
import type { Database } from '../connect/transaction.ts'
import { deletePicked } from '../listing.ts'

/** A key that sees little of a large organization must not keep a connection while it looks for it. */
const MAX_SEGMENTS_READ = 100

/** The newest of each category, then the newest of all of them. */
const NEWEST = `
  select s.segment, s.category, s.stored_at as "storedAt", s.entries
    from unnest($2::text[]) u(category) cross join lateral (
      select segment, category, stored_at, entries from discue.event_segments
       where organization_id = $1 and category = u.category and stored_at >= $3 and (stored_at, segment) <= ($4, $5)
       order by stored_at desc, segment desc limit $6) s
   order by s.stored_at desc, s.segment desc limit $6`

const NEWEST_PLACES = `
  select s.stored_at as "storedAt", s.segment
    from unnest($2::text[]) u(category) cross join lateral (
      select stored_at, segment from discue.event_segments where organization_id = $1 and category = u.category
       order by stored_at desc, segment desc limit 1) s
   order by s.stored_at desc, s.segment desc limit 1`

/** In the index alone. */
const COUNT = `
  select coalesce(sum(s.events), 0)::bigint as events
    from unnest($2::text[]) u(category) cross join lateral (
      select sum(events) as events from discue.event_segments
       where organization_id = $1 and category = u.category
         and (stored_at, segment) >= ($3, $4) and (stored_at, segment) < ($5, $6)) s`

const KEY = 'organization_id, category, stored_at, segment'
const PRUNE = deletePicked(
  'discue.event_segments',
  KEY,
  `select ${KEY} from discue.event_segments where stored_at < $1 order by stored_at limit $2 for update skip locked`,
)

const ABOVE_ALL: EventPosition = { storedAt: Number.MAX_SAFE_INTEGER, segment: Number.MAX_SAFE_INTEGER, index: 0 }

type Ask = Parameters<EventStore['list']>[0]

export function createEventStore({ db }: Database): EventStore {
  const serialQueue = new SerialQueue()

  async function list(ask: Ask): Promise<EventPage> {
    const { organizationId, categories, since } = ask
    const { storedAt, segment } = ask.after ?? ABOVE_ALL
    // One more than is read, to know whether anything is left.
    const place = [since, storedAt, segment, MAX_SEGMENTS_READ + 1] as const
    const segments = await db.rows<Segment>(NEWEST, [organizationId, texts(categories as EventCategory[]), ...place])
    return pageOf(segments, ask)
  }

  async function skip({ organizationId, since, offset, ...ask }: Parameters<EventStore['skip']>[0]) {
    const categories = texts(ask.categories)
    const [newest] = await db.rows<Pick<EventPosition, 'storedAt' | 'segment'>>(NEWEST_PLACES, [
      organizationId,
      categories,
    ])
    if (newest === undefined) return { after: null, offset }
    const oldest = segmentNumber({ storedAt: since, segment: 0 })
    const far = await seekOffset({
      newest: segmentNumber(newest),
      perMs: SEGMENTS_PER_MS,
      offset,
      lists: ask.categories.length,
      async count(from, to) {
        const [low, high] = [placeOfSegment(from > oldest ? from : oldest), placeOfSegment(to)]
        const range = [low.storedAt, low.segment, high.storedAt, high.segment] as const
        const [row] = await db.rows<{ events: number }>(COUNT, [organizationId, categories, ...range])
        return row!.events
      },
    })
    return { after: placeOfSegment(far.below), offset: far.offset }
  }

  return {
    list,
    async skip(ask) {
      return isDeep(ask.offset, ask.categories.length)
        ? serialQueue.take(ask.organizationId, () => skip(ask))
        : { after: null, offset: ask.offset }
    },
    prune: ({ before, limit }) => db.run(PRUNE, [before, limit]),
  }
}

function pageOf(segments: readonly Segment[], ask: Ask): EventPage {
  const events: UsageEvent[] = []
  let next: EventPosition | null = null
  for (const [read, segment] of segments.entries()) {
    if (read === MAX_SEGMENTS_READ) return { events, next }
    for (const event of visibleOf(segment, ask)) {
      if (events.length === ask.limit) return { events, next: positionOfEvent(events.at(-1)!.id) }
      events.push(event)
    }
    next = { storedAt: segment.storedAt, segment: segment.segment, index: 0 }
  }
  return { events, next: null }
}

/** The events of a segment that were asked for, newest first. */
function visibleOf(segment: Segment, { organizationId, only, after }: Ask): UsageEvent[] {
  // Looking for the text is a hundred times cheaper than reading what it says.
  if (only !== null && !only.some((id) => segment.entries.includes(id))) return []
  const all = eventsOf(segment, organizationId)
  const end = after !== null && after.segment === segment.segment ? after.index : all.length
  return all.slice(0, end).reverse().filter(shownTo(only))
}

function shownTo(only: Only): (event: UsageEvent) => boolean {
  if (only === null) return () => true
  const ids = new Set(only)
  return ({ subject, queueId }) => ids.has(subject.id) || (queueId !== null && ids.has(queueId))
}
