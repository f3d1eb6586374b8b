import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type EventListing, listEvents } from '../../../app/events.ts'
import { Problem } from '../../../core/problem.ts'
import { EVENT_CATEGORIES, type EventCategory } from '../../../core/telemetry/event.ts'
import { type EventPosition, eventId, positionOfEvent } from '../../../core/telemetry/event-id.ts'
import { type Api, requires } from '../../contract.ts'
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
  startAfter: Type.Optional(Type.Integer({ description: 'stored_at of the entry to go on below' })),
  startAfterId: Type.Optional(Type.String({ description: 'id of the entry to go on below' })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: DEFAULT_PAGE_SIZE, description: 'the same as limit' })),
})

const schema = {
  operationId: 'listEvents',
  summary: 'Get what happened in the past 24 hours, newest first',
  querystring: EventsQuery,
  response: answers(Type.Object({ events: Type.Array(Event), _links: LinksSchema }, { title: 'UsageEventList' })),
}

type Ask = Static<typeof EventsQuery>

export function eventRoutes(api: Api, deps: AppDeps): void {
  api.get('/events', { schema, config: requires('events', 'read') }, async (request) => {
    const { query, principal } = request
    const categories = categoriesOf(query.events)
    const listing = await listEvents(deps, { principal, categories, after: startOf(query), ...rangeOf(query) })
    return { events: listing.entries.map(fullEvent), _links: linksOf(request, query, listing) }
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

/** The place to go on below; both halves of the cursor must be there, and of the same entry. */
function startOf({ startAfter, startAfterId, page }: Ask): EventPosition | null {
  if (startAfter === undefined && startAfterId === undefined) return null
  if (startAfterId === undefined) throw badQuery('startAfterId', 'is required where startAfter is given')
  if (startAfter === undefined) throw badQuery('startAfter', 'is required where startAfterId is given')
  if (page !== undefined) throw badQuery('startAfter', 'cannot be combined with page')
  const place = positionOfEvent(startAfterId)
  if (place === null) throw badQuery('startAfterId', 'must be the id of an event')
  if (place.storedAt !== startAfter) throw badQuery('startAfter', 'must be the stored_at of the entry startAfterId')
  return place
}

function badQuery(path: string, message: string): Problem {
  return new Problem('bad_query', { errors: [{ path, message }] })
}

/** By page where one was asked for, else onward by the cursor. */
function linksOf(request: Based, ask: Ask, { next }: EventListing): Links {
  const { events, limit, startAfter, startAfterId, page, per_page } = ask
  const to = (where: Partial<Ask>) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ events, limit, per_page, ...where })) {
      if (value !== undefined) query.set(name, String(value))
    }
    return { href: `${request.base}${paths.events}${query.size > 0 ? `?${query}` : ''}` }
  }
  const links: Links = { self: to({ startAfter, startAfterId, page }) }
  if (page !== undefined) {
    links.first = to({ page: 1 })
    if (page > 1) links.prev = to({ page: page - 1 })
    if (next !== null) links.next = to({ page: page + 1 })
  } else if (next !== null) links.next = to({ startAfter: next.storedAt, startAfterId: eventId(next) })
  return links
}
