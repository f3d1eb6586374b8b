import type { DatabaseSync } from 'node:sqlite'
import { EVENT_CATEGORIES, type EventCategory } from '../../core/telemetry/event.ts'
import { type EventPosition, placeOfSegment, SEGMENTS_PER_MS, segmentNumber } from '../../core/telemetry/event-id.ts'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import type { EventPage, EventStore, EventsAsk } from '../../store/events.ts'
import { pageOf } from '../../store/listing/event-page.ts'
import { isDeep, seekOffset } from '../../store/listing/offset-seek.ts'
import type { Segment } from '../../store/listing/segment.ts'
import { STATEMENT_UNITS, TimeSlices } from '../file/time-slices.ts'
import { reading, readingLong, type Transact } from '../transaction.ts'

/** About a millisecond's work. */
const COUNTED_AT_ONCE = 5_000

const NEWEST = `
  select segment, category, stored_at as storedAt, entries from event_segments
   where organization_id = :organizationId and category = :category and stored_at >= :since
     and (stored_at, segment) <= (:storedAt, :segment) and segment <= :upTo
   order by stored_at desc, segment desc`

/** By the index that has the order of commits: the time is looked at in the rows that it leads to. */
const OLDEST = `
  select segment, category, stored_at as storedAt, entries from event_segments
   where organization_id = :organizationId and category = :category and segment >= :segment and segment <= :upTo
     and +stored_at >= :since
   order by segment`

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

const NAMES = (table: 'queues' | 'listeners') => `
  select t.id, t.name from json_each(?) u cross join ${table} t on t.id = u.value where t.organization_id = ?`

/** The newest one stays, however old: no number of a segment may come back. */
const PRUNE = `
  delete from event_segments
   where segment in (select segment from event_segments order by segment limit ?)
     and stored_at < ? and segment < (select max(segment) from event_segments)`

const ABOVE_ALL: EventPosition = { storedAt: Number.MAX_SAFE_INTEGER, segment: Number.MAX_SAFE_INTEGER, index: 0 }
const BELOW_ALL: EventPosition = { storedAt: 0, segment: 0, index: 0 }

export function createEventStore(db: DatabaseSync, transact: Transact): EventStore {
  // Several categories are read side by side, so that each has a statement of its own.
  const prepared = EVENT_CATEGORIES.map((category) => {
    const statements = { newest: db.prepare(NEWEST), oldest: db.prepare(OLDEST) }
    // Going up, the time of the place to go on from says nothing.
    statements.oldest.setAllowUnknownNamedParameters(true)
    return [category, statements] as const
  })
  const statements = new Map(prepared)
  const prune = db.prepare(PRUNE)
  const [newestPlace, pieceEnd, count] = [db.prepare(NEWEST_PLACE), db.prepare(PIECE_END), db.prepare(COUNT)]
  const [queueNames, listenerNames] = [db.prepare(NAMES('queues')), db.prepare(NAMES('listeners'))]
  const serialQueue = new SerialQueue()

  function segmentsOf(category: EventCategory, ask: EventsAsk): Iterator<Segment> {
    const { organizationId, since, upTo, order } = ask
    const { storedAt, segment } = ask.after ?? (order === 'oldest' ? BELOW_ALL : ABOVE_ALL)
    const place = { organizationId, category, since, upTo, storedAt, segment }
    return statements.get(category)![order].iterate(place) as unknown as Iterator<Segment>
  }

  function list(ask: EventsAsk): EventPage {
    const lists = ask.categories.map((category) => segmentsOf(category, ask))
    return pageOf(merged(lists, ask.order === 'oldest' ? isOlder : isNewer), ask)
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
      return reading(() => list({ order: 'newest', upTo: Number.MAX_SAFE_INTEGER, ...ask }))
    },
    // One commit after the other: none is under way while something else is read.
    async horizon() {
      return Number.MAX_SAFE_INTEGER
    },
    async skip(ask) {
      if (!isDeep(ask.offset, ask.categories.length)) return { after: null, offset: ask.offset }
      return readingLong(() => serialQueue.take(ask.organizationId, () => skip(ask)))
    },
    async names({ organizationId, queueIds, listenerIds }) {
      return reading(() => {
        const queues = queueNames.all(JSON.stringify(queueIds), organizationId)
        return [...queues, ...listenerNames.all(JSON.stringify(listenerIds), organizationId)] as {
          id: string
          name: string
        }[]
      })
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

/** Several lists of segments as one, in the order that each of them has. */
function* merged(lists: Iterator<Segment>[], comesBefore: (a: Segment, b: Segment) => boolean): Generator<Segment> {
  const heads = lists.map((list) => list.next())
  try {
    for (;;) {
      let first = -1
      for (const [index, head] of heads.entries()) {
        if (!head.done && (first < 0 || comesBefore(head.value, heads[first]!.value))) first = index
      }
      if (first < 0) return
      yield heads[first]!.value
      heads[first] = lists[first]!.next()
    }
  } finally {
    for (const list of lists) list.return?.()
  }
}

function isNewer(a: Segment, b: Segment): boolean {
  return a.storedAt !== b.storedAt ? a.storedAt > b.storedAt : a.segment > b.segment
}

function isOlder(a: Segment, b: Segment): boolean {
  return a.segment < b.segment
}
