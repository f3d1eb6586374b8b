/** The first entries of many, of which no more are asked for. */
export async function* first<Entry>(limit: number, entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  let left = limit
  if (left <= 0) return
  for await (const entry of entries) {
    yield entry
    if (--left <= 0) return
  }
}
