import { type Static, Type } from 'typebox'
import { MESSAGE_STATUSES } from '../../../core/delivery/message.ts'
import { Problem } from '../../../core/problem.ts'
import { type DataCondition, MAX_CONDITIONS, MAX_TEXT_CHARS, pathOf } from '../../../core/search/data-search.ts'
import { ANY_MESSAGE, asksForContent, type MessageFilter } from '../../../core/search/message-filter.ts'
import type { MessageDetails } from '../../../store/messages.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import type { Based } from '../../present/links.ts'
import { type Presentation, presentWith } from '../../present/listing.ts'
import { listedLinks } from '../../present/onward-links.ts'
import { CursorQuery, DEFAULT_PAGE_SIZE } from '../../present/schemas.ts'
import { CURSOR, DELIVERY_STATUSES } from './message-form.ts'

const DATA = 'data.'

export const SearchQuery = Type.Object(
  {
    ...CursorQuery.properties,
    name: Type.Optional(Type.String({ description: 'only messages of exactly this name' })),
    key: Type.Optional(Type.String({ description: 'only messages with exactly this key' })),
    status: Type.Optional(Type.Enum([...MESSAGE_STATUSES], { description: `one of ${MESSAGE_STATUSES.join(', ')}` })),
    listener_id: Type.Optional(Type.String({ description: 'only messages that were accepted for this listener' })),
    delivery_status: Type.Optional(
      Type.Enum([...DELIVERY_STATUSES], {
        description: `only messages of which a delivery, to \`listener_id\` where it is given, is one of ${DELIVERY_STATUSES.join(', ')}`,
      }),
    ),
    contains: Type.Optional(Type.String({ description: 'only messages whose data contains exactly this text' })),
    since: Type.Optional(Type.Integer({ description: 'accepted at this time or later, in ms since the Unix epoch' })),
    until: Type.Optional(Type.Integer({ description: 'accepted at this time or before, in ms since the Unix epoch' })),
  },
  // As in `data.order.id=17`.
  { patternProperties: { '^data\\..': Type.String() } },
)

export const SEARCH_RULES = [
  '`name`, `key`, `since` and `until` are found by an index. `status`, `listener_id` and `delivery_status` follow from the',
  'deliveries; `contains`, and a value at a path, such as `data.order.items.0.sku=17`, are looked for in the data, where',
  'the value is compared as JSON where it is that, and with a string as it is. An answer looks at 10,000 messages at most,',
  'or through 16 MiB of data: it may be short, or empty, and still have a `_links.next` to go on with. Searches of the data',
  'by one organization wait for each other. A search is not combined with `page`.',
].join('\n')

type Ask = Static<typeof SearchQuery>

/** What is searched for; null where the query has no filter. Throws `bad_query`. */
export function searchOf(query: Ask) {
  const { since = null, until = null } = query
  const filter = filterOf(query)
  const isAny = Object.entries(ANY_MESSAGE).every(([name, value]) => {
    return name === 'data' ? filter.data.length === 0 : filter[name as keyof MessageFilter] === value
  })
  if (isAny && since === null && until === null) return null
  expectOneStart(query)
  if (query.page !== undefined) throw badQuery('page', 'cannot be combined with a search; go on by _links.next')
  const before = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR)[0]!
  const kind = asksForContent(filter) ? ('content' as const) : ('search' as const)
  return { kind, filter, since, until, before, limit: query.per_page ?? DEFAULT_PAGE_SIZE }
}

function filterOf(query: Ask): MessageFilter {
  const { name = null, key = null, status = null, contains = null } = query
  if (contains !== null) expectShort('contains', contains)
  const deliveries = { listenerId: query.listener_id ?? null, deliveryStatus: query.delivery_status ?? null }
  return { name, key, status, ...deliveries, contains, data: conditionsOf(query) }
}

function conditionsOf(query: Ask): DataCondition[] {
  const given = Object.entries(query as Record<string, unknown>).filter(([name]) => name.startsWith(DATA))
  if (given.length > MAX_CONDITIONS) throw badQuery(DATA, `must be at most ${MAX_CONDITIONS} conditions`)
  return given.map(([name, text]) => {
    const path = pathOf(name.slice(DATA.length))
    if (path === null) throw badQuery(name, 'must be data. and the names of properties with dots between them')
    expectShort(name, text as string)
    return { path, text: text as string }
  })
}

function expectShort(name: string, text: string): void {
  if (text.length > MAX_TEXT_CHARS) throw badQuery(name, `must have at most ${MAX_TEXT_CHARS} characters`)
}

/** Like every listing, but that it goes on below the last message that was looked at, whether it fits or not. */
export function presentSearch<Full>(
  request: Based,
  query: Ask,
  { entries, next }: { entries: MessageDetails[]; next: string | null },
  as: Presentation<MessageDetails, Full>,
): Record<string, unknown> {
  const cursor = next === null ? null : encodeCursor(next)
  return presentWith(request, query, listedLinks(request, as.path, query, cursor), entries, as)
}

function badQuery(path: string, message: string): Problem {
  return new Problem('bad_query', { errors: [{ path, message }] })
}
