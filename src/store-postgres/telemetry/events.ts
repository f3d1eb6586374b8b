import { type EventPosition, placeOfSegment, SEGMENTS_PER_MS, segmentNumber } from '../../core/telemetry/event-id.ts'
import type { Runtime } from '../../runtime.ts'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import type { EventPage, EventStore, EventsAsk } from '../../store/events.ts'
import { MAX_SEGMENTS_READ, pageOf } from '../../store/listing/event-page.ts'
import { isDeep, seekOffset } from '../../store/listing/offset-seek.ts'
import type { Segment } from '../../store/listing/segment.ts'
import { texts } from '../connect/arrays.ts'
import type { Database } from '../connect/transaction.ts'
import { deletePicked } from '../listing.ts'
import { EventHorizon } from './event-horizon.ts'

/** The newest of each category, then the newest of all of them. */
const NEWEST = `
  select s.segment, s.category, s.stored_at as "storedAt", s.entries
    from unnest($2::text[]) u(category) cross join lateral (
      select segment, category, stored_at, entries from discue.event_segments
       where organization_id = $1 and category = u.category and stored_at >= $3 and (stored_at, segment) <= ($4, $5)
         and segment <= $7
       order by stored_at desc, segment desc limit $6) s
   order by s.stored_at desc, s.segment desc limit $6`

/** By the index that has the order of commits: the time is looked at in the rows that it leads to. */
export const OLDEST = `
  select s.segment, s.category, s.stored_at as "storedAt", s.entries
    from unnest($2::text[]) u(category) cross join lateral (
      select segment, category, stored_at, entries from discue.event_segments
       where organization_id = $1 and category = u.category and segment >= $4 and segment <= $6 and stored_at + 0 >= $3
       order by segment limit $5) s
   order by s.segment limit $5`

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

const NAMES = `
  select id, name from discue.queues where organization_id = $1 and id = any($2)
  union all select id, name from discue.listeners where organization_id = $1 and id = any($3)`

const KEY = 'organization_id, category, stored_at, segment'
const PRUNE = deletePicked(
  'discue.event_segments',
  KEY,
  `select ${KEY} from discue.event_segments where stored_at < $1 order by stored_at limit $2 for update skip locked`,
)

const ABOVE_ALL: EventPosition = { storedAt: Number.MAX_SAFE_INTEGER, segment: Number.MAX_SAFE_INTEGER, index: 0 }

export function createEventStore({ db }: Database, runtime: Pick<Runtime, 'upkeep'>): EventStore {
  const serialQueue = new SerialQueue()
  const horizon = new EventHorizon(db, runtime)

  // One more than is read, to know whether anything is left.
  async function list(ask: EventsAsk): Promise<EventPage> {
    const { organizationId, since, upTo } = ask
    const categories = texts(ask.categories)
    if (ask.order === 'oldest') {
      const from = [since, ask.after?.segment ?? 0, MAX_SEGMENTS_READ + 1, upTo]
      return pageOf(await db.rows<Segment>(OLDEST, [organizationId, categories, ...from]), ask)
    }
    const { storedAt, segment } = ask.after ?? ABOVE_ALL
    const place = [since, storedAt, segment, MAX_SEGMENTS_READ + 1, upTo]
    return pageOf(await db.rows<Segment>(NEWEST, [organizationId, categories, ...place]), ask)
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
    list: (ask) => list({ order: 'newest', upTo: Number.MAX_SAFE_INTEGER, ...ask }),
    horizon: () => horizon.read(),
    async skip(ask) {
      return isDeep(ask.offset, ask.categories.length)
        ? serialQueue.take(ask.organizationId, () => skip(ask))
        : { after: null, offset: ask.offset }
    },
    names: ({ organizationId, queueIds, listenerIds }) =>
      db.rows(NAMES, [organizationId, texts(queueIds), texts(listenerIds)]),
    prune: ({ before, limit }) => db.run(PRUNE, [before, limit]),
  }
}
