/** Where a listing, newest first, goes on: below this key, and past so many entries of what lies there. */
export interface OffsetSeek {
  below: bigint
  offset: number
}

/** The first stretch that is counted, in milliseconds; each further one is four times as long. */
const FIRST_STRETCH_MS = 1_000n
const GROWTH = 4n
/** Few enough to pass over them one by one. */
const NEAR = 200
/** Counting asks each of several lists once, passing over asks for every entry. */
const NEAR_PER_LIST = 5

/**
 * Finds the place `offset` entries below the newest one, for entries that lie under keys which grow with time and can
 * be counted between any two of them. It counts longer and longer stretches of time until one holds the place, and then
 * halves that one: so it counts no more than a few times `offset` entries, however many lie below. What is left of the
 * offset is small, unless a great many entries lie under one and the same key.
 * Entries that come and go meanwhile can shift the place by as many.
 */
export async function seekOffset(ask: {
  /** The key of the newest entry. */
  newest: bigint
  /** How far the keys of two entries lie apart that are a millisecond apart. */
  perMs: bigint
  offset: number
  /** How many lists the entries are in. */
  lists: number
  /** The entries at `from` or above, and below `below`. */
  count(from: bigint, below: bigint): Promise<number>
}): Promise<OffsetSeek> {
  const { newest, perMs, count } = ask
  const near = nearFor(ask.lists)
  const place: OffsetSeek = { below: newest + 1n, offset: ask.offset }
  let low = place.below
  let within = 0
  for (let stretch = FIRST_STRETCH_MS * perMs; ; stretch *= GROWTH) {
    if (low === 0n) return { below: 0n, offset: 0 }
    low = newest > stretch ? newest - stretch : 0n
    within = await count(low, place.below)
    if (within > place.offset) break
    place.below = low
    place.offset -= within
  }
  while (within > near && place.below - low > 1n) {
    const middle = (low + place.below) / 2n
    const upper = await count(middle, place.below)
    if (upper > place.offset) {
      low = middle
      within = upper
    } else {
      place.below = middle
      place.offset -= upper
      within -= upper
    }
  }
  return place
}

/** From here on an offset over so many lists is worth being found by counting. */
export function isDeep(offset: number, lists: number): boolean {
  return offset > 2 * nearFor(lists)
}

function nearFor(lists: number): number {
  return Math.max(NEAR, NEAR_PER_LIST * lists)
}
