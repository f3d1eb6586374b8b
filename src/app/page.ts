import type { Slice } from '../store/listing/slice.ts'

/** One page of a listing; numbers count from 1. */
export interface Page {
  number: number
  size: number
}

/** What a listing found, and whether the next page would hold anything. */
export interface Listing<Entry> {
  entries: Entry[]
  more: boolean
}

/** Reads one page, or everything where `page` is null. */
export async function readPage<Entry>(
  page: Page | null,
  read: (slice: Slice) => Promise<Entry[]>,
): Promise<Listing<Entry>> {
  if (page === null) return { entries: await read(null), more: false }
  // One more than fits tells whether a next page exists, without counting the rest.
  const found = await read({ offset: (page.number - 1) * page.size, limit: page.size + 1 })
  return { entries: found.slice(0, page.size), more: found.length > page.size }
}
