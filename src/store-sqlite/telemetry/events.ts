import type { DatabaseSync } from 'node:sqlite'
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
import { STATEMENT_UNITS, TimeSlices } from '../file/time-slices.ts'
import { reading, readingLong, type Transact } from '../transaction.ts'

/** A key that sees little of a large organization must not keep all writes waiting while it looks for it. */
const MAX_SEGMENTS_READ = 100

/** About a millisecond's work. */
const COUNTED_AT_ONCE = 5_000

const NEWEST = `
  select segment, category, stored_at as storedAt, entries from event_segments
   where organization_id = ? and category = ? and stored_at >= ? and (stored_at, segment) <= (?, ?)
   order by stored_at desc, segment desc`

const NEWEST_PLACE = `
  select stored_at as storedAt, segment from event_segments
   where organization_id = ? and category = ? order by stored_at desc, segment desc limit 1`

const BETWEEN = `
   where organization_id = :organizationId and category = :category
     and (stored_at, segment) >= (:fromTime, :fromSegment) and (stored_at, segment) < (:belowTime, :belowSegment)`
/** Where a piece of the index ends that can be counted at once. */
const PIECE_END = `
  select stored_at as storedAt, segment from event_segments ${BETWEEN}
   order by stored_at, segment limit 1 offset ${COUNTED_AT_ONCE}`
/** In the index alone. */
const COUNT = `select count(*) as segments, coalesce(sum(events), 0) as events from event_segments ${BETWEEN}`

/** The newest one stays, however old: no number of a segment may come back. */
const PRUNE = `
  delete from event_segments
   where segment in (select segment from event_segments order by segment limit ?)
     and stored_at < ? and segment < (select max(segment) from event_segments)`

const ABOVE_ALL: EventPosition = { storedAt: Number.MAX_SAFE_INTEGER, segment: Number.MAX_SAFE_INTEGER, index: 0 }

type Ask = Parameters<EventStore['list']>[0]

export function createEventStore(db: DatabaseSync, transact: Transact): EventStore {
  // One statement a category, because several of them are read side by side.
  const newest = (['api_keys', 'listeners', 'queues', 'messages'] as const).map(
    (category) => [category, db.prepare(NEWEST)] as const,
  )
  const statements = new Map(newest)
  const prune = db.prepare(PRUNE)
  const [newestPlace, pieceEnd, count] = [db.prepare(NEWEST_PLACE), db.prepare(PIECE_END), db.prepare(COUNT)]
  const serialQueue = new SerialQueue()

  function segmentsOf(category: EventCategory, { organizationId, since, after }: Ask): Iterator<Segment> {
    const { storedAt, segment } = after ?? ABOVE_ALL
    const rows = statements.get(category)!.iterate(organizationId, category, since, storedAt, segment)
    return rows as unknown as Iterator<Segment>
  }

  function list(ask: Ask): EventPage {
    const events: UsageEvent[] = []
    let next: EventPosition | null = null
    let read = 0
    for (const segment of merged(ask.categories.map((category) => segmentsOf(category, ask)))) {
      if (read === MAX_SEGMENTS_READ) return { events, next }
      for (const event of visibleOf(segment, ask)) {
        if (events.length === ask.limit) return { events, next: positionOfEvent(events.at(-1)!.id) }
        events.push(event)
      }
      next = { storedAt: segment.storedAt, segment: segment.segment, index: 0 }
      read += 1
    }
    return { events, next: null }
  }

  /** Events of one category in the segments from `from` on and below `below`. */
  async function countOf(category: EventCategory, organizationId: string, range: Range, slices: TimeSlices) {
    let sum = 0
    let from: SegmentPosition | undefined = range.from
    while (from !== undefined) {
      const subject = { organizationId, category, fromTime: from.storedAt, fromSegment: from.segment }
      const rest = { ...subject, belowTime: range.below.storedAt, belowSegment: range.below.segment }
      const end = pieceEnd.get(rest) as unknown as SegmentPosition | undefined
      const piece = end === undefined ? rest : { ...subject, belowTime: end.storedAt, belowSegment: end.segment }
      const { segments, events } = count.get(piece) as { segments: number; events: number }
      sum += events
      if (slices.due(2 * segments + 2 * STATEMENT_UNITS)) await slices.pause()
      from = end
    }
    return sum
  }

  async function skip({ organizationId, categories, since, offset }: Parameters<EventStore['skip']>[0]) {
    const places = categories.map(
      (category) => newestPlace.get(organizationId, category) as SegmentPosition | undefined,
    )
    const numbers = places.filter((place) => place !== undefined).map(segmentNumber)
    if (numbers.length === 0) return { after: null, offset }
    const slices = new TimeSlices()
    const oldest = segmentNumber({ storedAt: since, segment: 0 })
    const far = await seekOffset({
      newest: numbers.reduce((a, b) => (a > b ? a : b)),
      perMs: SEGMENTS_PER_MS,
      offset,
      lists: categories.length,
      async count(from, to) {
        const range = { from: placeOfSegment(from > oldest ? from : oldest), below: placeOfSegment(to) }
        let sum = 0
        for (const category of categories) sum += await countOf(category, organizationId, range, slices)
        return sum
      },
    })
    return { after: placeOfSegment(far.below), offset: far.offset }
  }

  return {
    async list(ask) {
      return reading(() => list(ask))
    },
    async skip(ask) {
      if (!isDeep(ask.offset, ask.categories.length)) return { after: null, offset: ask.offset }
      return readingLong(() => serialQueue.take(ask.organizationId, () => skip(ask)))
    },
    async prune({ before, limit }) {
      return transact(() => Number(prune.run(limit, before).changes))
    },
  }
}

type SegmentPosition = Pick<EventPosition, 'storedAt' | 'segment'>

interface Range {
  from: SegmentPosition
  below: SegmentPosition
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

/** Several lists of segments as one, newest first. */
function* merged(lists: Iterator<Segment>[]): Generator<Segment> {
  const heads = lists.map((list) => list.next())
  try {
    for (;;) {
      let newest = -1
      for (const [index, head] of heads.entries()) {
        if (!head.done && (newest < 0 || isNewer(head.value, heads[newest]!.value))) newest = index
      }
      if (newest < 0) return
      yield heads[newest]!.value
      heads[newest] = lists[newest]!.next()
    }
  } finally {
    for (const list of lists) list.return?.()
  }
}

function isNewer(a: Segment, b: Segment): boolean {
  return a.storedAt !== b.storedAt ? a.storedAt > b.storedAt : a.segment > b.segment
}
