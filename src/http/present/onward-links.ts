import type { Based, Links } from './links.ts'

/**
 * Links of a listing with filters that goes on by cursor alone: `self` is what was asked, `next` the same from the cursor on
 * (null: nothing follows).
 */
export function listedLinks({ base }: Based, path: string, query: Record<string, unknown>, next: string | null): Links {
  const to = (cursor: unknown) => {
    const given = Object.entries({ ...query, cursor }).filter(
      ([name, value]) => value !== undefined && value !== false && name !== 'pretty',
    )
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
    return { href: `${base}${path}${search.size > 0 ? `?${search}` : ''}` }
  }
  const links: Links = { self: to(query.cursor) }
  if (next !== null) links.next = to(next)
  return links
}
