import type { DatabaseSync } from 'node:sqlite'
import type { EventCategory, UsageEvent } from '../core/event.ts'
import { type EventPlace, placeOfEvent } from '../core/event-id.ts'
import type { EventPage, EventStore } from '../store/events.ts'
import { eventsOf, type Segment } from '../store/segment.ts'
import type { Only } from '../store/store.ts'
import { reading, type Transact } from './transaction.ts'

/** A key that sees little of a large organization must not keep everybody's writes waiting while it looks for it. */
const MAX_SEGMENTS_READ = 100

const NEWEST = `
  select segment, category, stored_at as storedAt, entries from event_segments
   where organization_id = ? and category = ? and stored_at >= ? and (stored_at, segment) <= (?, ?)
   order by stored_at desc, segment desc`

/** The newest one stays, however old: no number of a segment may come back. */
const PRUNE = `
  delete from event_segments
   where segment in (select segment from event_segments order by segment limit ?)
     and stored_at < ? and segment < (select max(segment) from event_segments)`

const ABOVE_ALL: EventPlace = { storedAt: Number.MAX_SAFE_INTEGER, segment: Number.MAX_SAFE_INTEGER, index: 0 }

type Ask = Parameters<EventStore['list']>[0]

export function createEventStore(db: DatabaseSync, transact: Transact): EventStore {
  // One statement a category, because several of them are read side by side.
  const newest = (['api_keys', 'listeners', 'queues', 'messages'] as const).map(
    (category) => [category, db.prepare(NEWEST)] as const,
  )
  const statements = new Map(newest)
  const prune = db.prepare(PRUNE)

  function segmentsOf(category: EventCategory, { organizationId, since, after }: Ask): Iterator<Segment> {
    const { storedAt, segment } = after ?? ABOVE_ALL
    const rows = statements.get(category)!.iterate(organizationId, category, since, storedAt, segment)
    return rows as unknown as Iterator<Segment>
  }

  function list(ask: Ask): EventPage {
    const events: UsageEvent[] = []
    let next: EventPlace | null = null
    let read = 0
    for (const segment of merged(ask.categories.map((category) => segmentsOf(category, ask)))) {
      if (read === MAX_SEGMENTS_READ) return { events, next }
      for (const event of visibleOf(segment, ask)) {
        if (events.length === ask.limit) return { events, next: placeOfEvent(events.at(-1)!.id) }
        events.push(event)
      }
      next = { storedAt: segment.storedAt, segment: segment.segment, index: 0 }
      read += 1
    }
    return { events, next: null }
  }

  return {
    async list(ask) {
      return reading(() => list(ask))
    },
    async prune({ before, limit }) {
      return transact(() => Number(prune.run(limit, before).changes))
    },
  }
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
