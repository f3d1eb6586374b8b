import type { Listing, Page } from '../../app/page.ts'
import { shownName } from '../../core/name.ts'
import { type Based, type Entry, entryLinks, type Link, type Links } from './links.ts'
import { DEFAULT_PAGE_SIZE } from './schemas.ts'

/** The query of a listing, as its schema leaves it. */
export interface ListingAsk {
  _embed?: boolean
  page?: number
  per_page?: number
  cursor?: string
}

/** How one kind of entry is shown. */
export interface Presentation<Item, Full> {
  collection: string
  /** The listing's own path. */
  path: string
  entry: (item: Item) => Entry
  full: (item: Item) => Full
}

/** The page that was asked for, or null where everything is wanted. */
export function pageOf({ page, per_page: size }: ListingAsk): Page | null {
  if (page === undefined && size === undefined) return null
  return { number: page ?? 1, size: size ?? DEFAULT_PAGE_SIZE }
}

/** A listing that holds everything unless it is paged. */
export function presentListing<Item, Full>(
  request: Based,
  ask: ListingAsk,
  listing: Listing<Item>,
  as: Presentation<Item, Full>,
): Record<string, unknown> {
  return presentWith(request, ask, pagedLinks(request, as.path, ask, listing.more), listing.entries, as)
}

/** A listing that goes on below its last entry; `cursorOf` says where that is. */
export function presentFeed<Item, Full>(
  request: Based,
  ask: ListingAsk,
  listing: Listing<Item>,
  as: Presentation<Item, Full> & { cursorOf: (item: Item) => string },
): Record<string, unknown> {
  return presentWith(request, ask, feedLinks(request, as.path, ask, listing, as.cursorOf), listing.entries, as)
}

/** Links of a feed: by page where one was asked for, else onward by cursor. */
export function feedLinks<Item>(
  request: Based,
  path: string,
  ask: ListingAsk,
  { entries, more }: Listing<Item>,
  cursorOf: (item: Item) => string,
): Links {
  if (ask.page !== undefined) return pagedLinks(request, path, ask, more)
  const size = ask.per_page === undefined ? {} : { per_page: ask.per_page }
  const to = linker(request, path, ask)
  const links: Links = { self: to({ ...size, cursor: ask.cursor }) }
  const last = entries.at(-1)
  if (more && last !== undefined) links.next = to({ ...size, cursor: cursorOf(last) })
  return links
}

/** Presents a page of a listing with links of the caller's own. */
export function presentWith<Item, Full>(
  request: Based,
  ask: ListingAsk,
  links: Links,
  items: readonly Item[],
  as: Presentation<Item, Full>,
): Record<string, unknown> {
  const entries = items.map(as.entry)
  return {
    [as.collection]: entries.map(refOf),
    ...(ask._embed && { _embedded: { [as.collection]: items.map(as.full) } }),
    _links: entryLinks(request, links, entries),
  }
}

/** Every answer shows a name: of a message or key that was given none, its id. */
export function refOf({ id, name }: { id: string; name: string | null }): { id: string; name: string } {
  return { id, name: shownName({ id, name }) }
}

function pagedLinks(request: Based, path: string, ask: ListingAsk, more: boolean): Links {
  const page = pageOf(ask)
  const to = linker(request, path, ask)
  if (page === null) return { self: to({}) }
  const at = (number: number) => to({ page: number, per_page: page.size })
  const links: Links = { self: at(page.number), first: at(1) }
  if (page.number > 1) links.prev = at(page.number - 1)
  if (more) links.next = at(page.number + 1)
  return links
}

/** Links to other pages ask for the same fullness; a listing that is not paged is just its path. */
function linker(request: Based, path: string, ask: ListingAsk) {
  return (where: Record<string, string | number | undefined>): Link => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(where)) if (value !== undefined) query.set(name, String(value))
    if (query.size > 0 && ask._embed) query.set('_embed', 'true')
    const search = query.size > 0 ? `?${query}` : ''
    return { href: request.base + path + search }
  }
}
