import type { Transport } from './transport.ts'

const PER_PAGE = 100

interface Page<Entry> {
  _embedded?: Record<string, Entry[] | undefined>
  _links: { next?: { href: string } }
}

/**
 * All entries of a listing, page after page, as they are asked for: what is in the loop is done before the next page is
 * read. Throws like `Transport.call`.
 */
export async function* listed<Entry>(
  transport: Transport,
  path: string,
  collection: string,
  options: { query?: Record<string, string | number | boolean | undefined>; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Entry, void, undefined> {
  const query = { _embed: true, per_page: PER_PAGE, ...options.query }
  let page = await transport.call<Page<Entry>>('GET', path, { query, signal: options.signal })
  for (;;) {
    yield* page._embedded?.[collection] ?? []
    const next = page._links.next
    if (next === undefined) return
    // Path and address of the link may be others than those by which this client reaches the server.
    const following = Object.fromEntries(new URL(next.href).searchParams)
    page = await transport.call<Page<Entry>>('GET', path, { query: following, signal: options.signal })
  }
}
