import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type EventListing, listEvents, namesAround } from '../../../app/events.ts'
import { Problem } from '../../../core/problem.ts'
import { EVENT_CATEGORIES, type EventCategory } from '../../../core/telemetry/event.ts'
import { type EventPosition, eventId, positionOfEvent } from '../../../core/telemetry/event-id.ts'
import type { EventsAsk } from '../../../store/events.ts'
import { type Api, requires } from '../../contract.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import { type Based, type Links, paths } from '../../present/links.ts'
import { answers, DEFAULT_PAGE_SIZE, Links as LinksSchema, MAX_PAGE, Query } from '../../present/schemas.ts'
import { Event, fullEvent } from './event-form.ts'

const ALL = 'all'

const EventsQuery = Type.Object({
  ...Query.properties,
  events: Type.Optional(
    Type.String({ description: `all, or some of ${EVENT_CATEGORIES.join(', ')}, with commas in between` }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: DEFAULT_PAGE_SIZE })),
  startAfter: Type.Optional(
    Type.Integer({
      description:
        '`stored_at` of an entry, together with its id as `startAfterId`: only what was stored after it, oldest first; one without the other has no effect',
    }),
  ),
  startAfterId: Type.Optional(Type.String({ description: 'the `id` of the entry; it need not be kept any more' })),
  cursor: Type.Optional(Type.String({ description: 'where to go on, taken from `_links.next` as it is' })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: DEFAULT_PAGE_SIZE, description: 'the same as limit' })),
})

const FOLLOWING = [
  'To follow what happens, ask again and again with `startAfter` and `startAfterId` of the last entry that you have: the',
  'answer is what was stored since, oldest first, in the order of the commits. No entry is left out and none comes twice,',
  'however many nodes there are: what a commit under way could still come before is told once that has ended.',
  '',
  'An entry about a message names its queue as well, and the listener that it was sent to, as they are called now.',
].join('\n')

const schema = {
  operationId: 'listEvents',
  summary: 'Get what happened in the past 24 hours, newest first',
  description: FOLLOWING,
  querystring: EventsQuery,
  response: answers(Type.Object({ events: Type.Array(Event), _links: LinksSchema }, { title: 'UsageEventList' })),
}

type Ask = Static<typeof EventsQuery>

/** Where a listing begins, and which way it goes. */
type Start = Pick<EventsAsk, 'order' | 'after'>

export function eventRoutes(api: Api, deps: AppDeps): void {
  api.get('/events', { schema, config: requires('events', 'read') }, async (request) => {
    const { query, principal } = request
    const categories = categoriesOf(query.events)
    const start = startOf(query)
    const listing = await listEvents(deps, { principal, categories, ...start, ...rangeOf(query) })
    const names = await namesAround(deps, principal.organizationId, listing.entries)
    const events = listing.entries.map((event) => fullEvent(event, names))
    return { events, _links: linksOf(request, query, { ...listing, ...start }) }
  })
}

function categoriesOf(text = ALL): readonly EventCategory[] {
  const names = text.split(',')
  const known: readonly string[] = [ALL, ...EVENT_CATEGORIES]
  if (!names.every((name) => known.includes(name))) {
    throw badQuery('events', `must be one or more of: ${known.join(', ')}; with commas in between`)
  }
  return names.includes(ALL) ? EVENT_CATEGORIES : EVENT_CATEGORIES.filter((category) => names.includes(category))
}

function rangeOf({ limit, per_page: perPage, page }: Ask) {
  const size = limit ?? perPage ?? DEFAULT_PAGE_SIZE
  return { offset: ((page ?? 1) - 1) * size, limit: size, byPage: page !== undefined }
}

function startOf(query: Ask): Start {
  const { startAfter, startAfterId, page, cursor } = query
  expectOneStart(query)
  if (cursor !== undefined) return placeOf(cursor)
  if (startAfter === undefined || startAfterId === undefined) return { order: 'newest', after: null }
  if (page !== undefined) throw badQuery('startAfter', 'cannot be combined with page')
  const place = positionOfEvent(startAfterId)
  if (place === null) throw badQuery('startAfterId', 'must be the id of an event')
  if (place.storedAt !== startAfter) throw badQuery('startAfter', 'must be the stored_at of the entry startAfterId')
  return { order: 'oldest', after: place }
}

const CURSOR = /^(newest|oldest) ([0-9A-Za-z]{21})$/

function cursorOf(order: Start['order'], place: EventPosition): string {
  return encodeCursor(order, eventId(place))
}

function placeOf(cursor: string): Start {
  const [order, id] = decodeCursor(cursor, CURSOR) as [Start['order'], string]
  const after = positionOfEvent(id)
  if (after === null) throw badQuery('cursor', 'must be taken from _links.next as it is')
  return { order, after }
}

function badQuery(path: string, message: string): Problem {
  return new Problem('bad_query', { errors: [{ path, message }] })
}

/** By page where one was asked for, else onward by the cursor, the same way. */
function linksOf(request: Based, ask: Ask, { next, order }: EventListing & Start): Links {
  const { events, limit, startAfter, startAfterId, cursor, page, per_page } = ask
  const to = (where: Partial<Ask>) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ events, limit, per_page, ...where })) {
      if (value !== undefined) query.set(name, String(value))
    }
    return { href: `${request.base}${paths.events}${query.size > 0 ? `?${query}` : ''}` }
  }
  const links: Links = { self: to({ startAfter, startAfterId, cursor, page }) }
  if (page !== undefined) {
    links.first = to({ page: 1 })
    if (page > 1) links.prev = to({ page: page - 1 })
    if (next !== null) links.next = to({ page: page + 1 })
  } else if (next !== null) links.next = to({ cursor: cursorOf(order, next) })
  return links
}
