import { type Static, Type } from 'typebox'
import { MESSAGE_STATUSES } from '../../../core/delivery/message.ts'
import { Problem } from '../../../core/problem.ts'
import type { MessageDetails } from '../../../store/messages.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import type { Based, Links } from '../../present/links.ts'
import { type Presentation, presentWith } from '../../present/listing.ts'
import { CursorQuery, DEFAULT_PAGE_SIZE } from '../../present/schemas.ts'
import { CURSOR } from './message-form.ts'

export const SearchQuery = Type.Object({
  ...CursorQuery.properties,
  name: Type.Optional(Type.String({ description: 'only messages of exactly this name' })),
  key: Type.Optional(Type.String({ description: 'only messages with exactly this key' })),
  status: Type.Optional(Type.Enum([...MESSAGE_STATUSES], { description: `one of ${MESSAGE_STATUSES.join(', ')}` })),
  since: Type.Optional(Type.Integer({ description: 'accepted at this time or later, in ms since the Unix epoch' })),
  until: Type.Optional(Type.Integer({ description: 'accepted at this time or before, in ms since the Unix epoch' })),
})

export const SEARCH_RULES = [
  '`name`, `key`, `since` and `until` are found by an index. A search for a `status`, which is not stored but follows',
  'from the deliveries, looks at up to 20,000 messages at a time: its answer may be short, or empty, and still have a',
  '`_links.next` to go on with. A search is not combined with `page`.',
].join('\n')

type Ask = Static<typeof SearchQuery>

/** What is searched for; null where the query has no filter. */
export function searchOf(query: Ask) {
  const { name = null, key = null, status = null, since = null, until = null } = query
  if ([name, key, status, since, until].every((value) => value === null)) return null
  expectOneStart(query)
  if (query.page !== undefined) throw badQuery('page', 'cannot be combined with a search; go on by _links.next')
  const before = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR)[0]!
  return { filter: { name, key, status }, since, until, before, limit: query.per_page ?? DEFAULT_PAGE_SIZE }
}

/** Like every listing, but that it goes on below the last message that was looked at, whether it fits or not. */
export function presentSearch<Full>(
  request: Based,
  query: Ask,
  { entries, next }: { entries: MessageDetails[]; next: string | null },
  as: Presentation<MessageDetails, Full>,
): Record<string, unknown> {
  const to = (cursor: string | undefined) => ({ href: `${request.base}${as.path}?${textOf({ ...query, cursor })}` })
  const links: Links = { self: to(query.cursor) }
  if (next !== null) links.next = to(encodeCursor(next))
  return presentWith(request, query, links, entries, as)
}

function textOf({ name, key, status, since, until, per_page, cursor, _embed }: Ask): URLSearchParams {
  const given = Object.entries({ name, key, status, since, until, per_page, cursor, _embed: _embed || undefined })
  return new URLSearchParams(given.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])))
}

function badQuery(path: string, message: string): Problem {
  return new Problem('bad_query', { errors: [{ path, message }] })
}
